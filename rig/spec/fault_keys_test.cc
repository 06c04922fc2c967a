// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/fault_keys.h"

#include "rig/spec/spec_parser.h"
#include "rig/testing/spec_project.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

class FaultKeys : public SpecProject {
 protected:
    Result<Spec> read(const std::string& text,
                      const std::vector<SpecOverride>& overrides = {}) const {
        return parse_spec(std::string(minimal_spec) + text, file(), overrides);
    }
    std::string error_of(const std::string& text,
                         const std::vector<SpecOverride>& overrides = {}) const {
        const auto spec = read(text, overrides);
        return spec ? "" : spec.error().message;
    }
};

const std::string kTwo = R"([[fault]]
point = "fail_page_alloc"
function = "tlb_remove_table"
[[fault]]
point = "failslab"
require-start = "do_mmap"
require-end = "do_munmap"
reject-start = "mas_store"
ignore-gfp-wait = false
cache-filter = ["vm_area_struct", "maple_node"]
probability = 50
stacktrace-depth = 16
space = 4096
)";

TEST_F(FaultKeys, SeveralFaultsAreReadInOrder) {
    const auto spec = read(kTwo);
    ASSERT_TRUE(spec) << spec.error().message;
    ASSERT_EQ(spec->faults.size(), 2u);
    EXPECT_TRUE(spec->faults_listed && spec->injects() && !spec->failures_hit_target());
    EXPECT_EQ(spec->faults[0].point, "fail_page_alloc");
    const auto& slabs = spec->faults[1];
    EXPECT_EQ(slabs.function, "do_mmap");
    EXPECT_EQ(slabs.last, "do_munmap");
    EXPECT_EQ(slabs.reject, "mas_store");
    EXPECT_EQ(slabs.last_rejected, "");
    EXPECT_EQ(slabs.probability, 50u);
    EXPECT_EQ(slabs.stacktrace_depth, 16u);
    EXPECT_EQ(slabs.space, 4096u);
    EXPECT_FALSE(flag_of(fault_point_named("failslab"), slabs.values, "ignore-gfp-wait"));
    EXPECT_EQ(names_of(fault_point_named("failslab"), slabs.values, "cache-filter"),
              (std::vector<std::string>{"vm_area_struct", "maple_node"}));
    EXPECT_EQ(spec->fault_functions(),
              (std::vector<std::string>{"tlb_remove_table", "should_fail_alloc_page", "do_mmap",
                                        "do_munmap", "mas_store", "should_failslab"}));
}

TEST_F(FaultKeys, OnlyTheOldFormHasAFunctionByDefaultAndLeadsToTheTarget) {
    const auto none = read(""), table = read("[fault]\ninterval = 2\n"),
               other = read("[fault]\npoint = \"failslab\"\n"),
               list = read("[[fault]]\npoint = \"fail_page_alloc\"\n");
    ASSERT_TRUE(none && table && other && list);
    for (const auto* spec : {&*none, &*table}) {
        EXPECT_EQ(spec->faults.at(0).function, "tlb_remove_table");
        EXPECT_TRUE(spec->failures_hit_target());
        EXPECT_EQ(spec->fault_functions(), std::vector<std::string>{"tlb_remove_table"});
    }
    for (const auto* spec : {&*other, &*list}) {
        EXPECT_EQ(spec->faults.at(0).function, "");
        EXPECT_FALSE(spec->faults.at(0).pinned());
        EXPECT_FALSE(spec->failures_hit_target());
    }
}

TEST_F(FaultKeys, OlderNamesStillWork) {
    const auto spec = read("[fault]\nmin_order = 2\ntask_filter = false\n");
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(number_of(standard_fault_point(), spec->faults[0].values, "min-order"), 2);
    EXPECT_FALSE(spec->faults[0].task_filter);
    EXPECT_NE(spec->deprecation.find("fault.min_order is now fault.min-order"), std::string::npos)
        << spec->deprecation;
    const auto set = read("", {{"fault.min_order", "1"}});
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(number_of(standard_fault_point(), set->faults[0].values, "min-order"), 1);
    EXPECT_NE(error_of("[fault]\nmin_order = 1\nmin-order = 1\n").find("want one of the two"),
              std::string::npos);
}

TEST_F(FaultKeys, AFaultOfAListIsChosenByItsPoint) {
    const auto spec = read(kTwo, {{"fault.failslab.probability", "5"}});
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->faults[0].probability, 100u);
    EXPECT_EQ(spec->faults[1].probability, 5u);
    EXPECT_NE(error_of(kTwo, {{"fault.fail_futex.times", "1"}}).find("no fault of that name"),
              std::string::npos);
}

TEST_F(FaultKeys, WhatIsNotUnderstoodIsRefused) {
    const struct {
        std::string text, says;
    } cases[] = {
        {"[[fault]]\ninterval = 1\n", "missing fault[0].point, want a fault point such as"},
        {"[[fault]]\npoint = \"fail_everything\"\n", "bad fault[0].point: \"fail_everything\""},
        {"[[fault]]\npoint = \"failslab\"\n[[fault]]\npoint = \"failslab\"\n",
         "bad fault[1].point: \"failslab\", want one that no other [[fault]] has"},
        {"[[fault]]\npoint = \"failslab\"\nmin-order = 1\n",
         "bad fault[0].min-order: 1, want it left out, or point = \"fail_page_alloc\""},
        {"[fault]\ncache-filter = [\"mm\"]\n", "or point = \"failslab\""},
        {"[[fault]]\npoint = \"failslab\"\ncache-filter = []\n", "want at least one name"},
        {"[[fault]]\npoint = \"failslab\"\ncache-filter = [\"a\", \"a\"]\n", "each of them once"},
        {"[[fault]]\npoint = \"failslab\"\ncache-filter = [\"../x\"]\n", "want a slab cache"},
        {"[[fault]]\npoint = \"failslab\"\nstack_filter = false\n", "bad fault[0].stack_filter"},
        {"[[fault]]\npoint = \"fail_function\"\n", "missing fault[0].inject"},
        {"[[fault]]\npoint = \"fail_function\"\ninject = \"f\"\nretval = 2\n", "-4095..1"},
        {"[fault]\nrequire-end = \"f\"\n", "bad fault.require-end: \"f\", want require-start too"},
        {"[fault]\nreject-end = \"f\"\n", "want reject-start too"},
        {"[fault]\nfunction = \"f\"\nrequire-start = \"g\"\n", "want it left out: function is"},
        {"[fault]\nprobability = 0\n", "bad fault.probability: 0"},
        {"[fault]\nstacktrace-depth = 33\n", "1..32"},
        {"[fault]\nignore-gfp-wait = 1\n", "true or false"},
        {"fault = 1\n", "fault"},
        {"[[fault]]\npoint = \"failslab\"\nprobabilty = 1\n", "did you mean \"probability\"?"},
    };
    for (const auto& one : cases)
        EXPECT_NE(error_of(one.text).find(one.says), std::string::npos)
            << one.text << error_of(one.text);
}

} // namespace
} // namespace rig
