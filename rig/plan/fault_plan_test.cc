// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/plan/fault_plan.h"

#include "rig/testing/captured.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace rig {
namespace {

using nlohmann::json;
using testing::captured_spec, testing::kTarget, testing::plan_for;

const SymbolTable& fault_symbols() {
    static const auto table = SymbolTable::parse("ffffffff810e3eb0 T smp_call_function\n"
                                                 "ffffffff8116e390 t tlb_remove_table_smp_sync\n"
                                                 "ffffffff8116e420 t tlb_remove_table_one\n"
                                                 "ffffffff8116e8d0 T tlb_remove_table\n"
                                                 "ffffffff8116eaf0 T should_failslab\n"
                                                 "ffffffff8116eb00 T getname_flags\n"
                                                 "ffffffff8116ec00 T getname_uflags\n"
                                                 "ffffffff8116ed00 T should_fail_alloc_page\n"
                                                 "ffffffff8116f000 T x\n",
                                                 "System.map")
                                  .value();
    return table;
}

FaultSpec slab_fault() {
    FaultSpec fault;
    fault.point = "failslab";
    fault.function = "getname_flags";
    fault.values = {{"ignore-gfp-wait", false}};
    return fault;
}

Spec spec_of_faults(std::vector<FaultSpec> faults) {
    auto spec = captured_spec();
    spec.faults_listed = true;
    spec.faults = std::move(faults);
    return spec;
}

// What older agents read, and what packs of older versions hold, byte for byte.
TEST(FaultPlan, OneFaultOfTheStandardPointIsWhatItAlwaysWas) {
    const auto plan = plan_for(captured_spec(), kTarget).json;
    EXPECT_EQ(plan.at("fault").dump(),
              R"({"attributes":[["interval","1"],["times","1000000"],["space","0"],)"
              R"(["verbose","0"],["min-order","0"],["ignore-gfp-wait","Y"],["task-filter","Y"],)"
              R"(["stacktrace-depth","32"],["require-start","0xffffffff8116e8d0"],)"
              R"(["require-end","0xffffffff8116eaf0"],["probability","100"]],"enabled":true})");
    EXPECT_FALSE(plan.contains("faults"));
    auto off = captured_spec();
    off.faults[0].enabled = false;
    off.faults[0].interval = 3;
    EXPECT_EQ(plan_for(off, kTarget).json.at("fault").dump(),
              R"({"attributes":[["interval","3"],["times","1000000"],["space","0"],)"
              R"(["verbose","0"],["min-order","0"],["ignore-gfp-wait","Y"],["task-filter","Y"],)"
              R"(["probability","100"]],"enabled":false})");
}

TEST(FaultPlan, EachPointHasItsOwnFilesProbesAndCount) {
    FaultSpec pages;
    pages.function = "tlb_remove_table";
    const auto spec = spec_of_faults({pages, slab_fault()});
    const auto plan = make_plan(spec, spec.arms[0], fault_symbols(), {});
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_FALSE(plan->json.contains("fault"));
    const auto& faults = plan->json.at("faults");
    ASSERT_EQ(faults.size(), 2u);
    EXPECT_EQ(faults[1].at("point"), "failslab");
    EXPECT_EQ(faults[1].at("first"), json::array());
    const auto& attributes = faults[1].at("attributes");
    EXPECT_EQ(attributes.front(), json({"interval", "1", "1"}));
    EXPECT_EQ(attributes.back(), json({"probability", "100", "100"})); // after every filter
    EXPECT_NE(std::find(attributes.begin(), attributes.end(),
                        json({"require-start", "0xffffffff8116eb00", "0xffffffff8116eb00"})),
              attributes.end());
    EXPECT_NE(std::find(attributes.begin(), attributes.end(), json({"ignore-gfp-wait", "N", "N"})),
              attributes.end());
    std::vector<std::string> counts;
    for (const auto& event : plan->stat)
        if (event.key.starts_with("failed_"))
            counts.push_back(event.key + " " + event.event + " " + event.filter);
    EXPECT_EQ(counts, (std::vector<std::string>{
                          "failed_allocations rig:alloc_failed ret == 1 && common_pid == $PID",
                          "failed_slab_allocations rig:slab_failed ret != 0 && common_pid == "
                          "$PID"}));
    const auto probes = plan->json.at("probes").dump();
    EXPECT_NE(probes.find("r:rig/alloc_failed should_fail_alloc_page ret=$retval:u8"),
              std::string::npos);
    EXPECT_NE(probes.find("r:rig/slab_failed should_failslab ret=$retval:s32"), std::string::npos);
    EXPECT_TRUE(plan->faults[1].is_below(0xffffffff8116ebffull));
    EXPECT_FALSE(plan->faults[1].is_below(0xffffffff8116ec00ull));
}

TEST(FaultPlan, ARangeIncludesItsLastFunctionAndMustNotBeEmpty) {
    auto fault = slab_fault();
    fault.last = "getname_uflags";
    fault.reject = "tlb_remove_table";
    fault.stacktrace_depth = 8;
    const auto planned = plan_faults(spec_of_faults({fault}), fault_symbols());
    ASSERT_TRUE(planned) << planned.error().message;
    std::map<std::string, std::string> written;
    for (const auto& write : planned->at(0).writes)
        written[write.file] = write.value;
    EXPECT_EQ(written.at("require-end"), "0xffffffff8116ed00");
    EXPECT_EQ(written.at("reject-start"), "0xffffffff8116e8d0");
    EXPECT_EQ(written.at("reject-end"), "0xffffffff8116eaf0");
    EXPECT_EQ(written.at("stacktrace-depth"), "8");
    fault.last = "tlb_remove_table";
    const auto empty = plan_faults(spec_of_faults({fault}), fault_symbols());
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(empty.error().message.find("from getname_flags() to tlb_remove_table() is empty"),
              std::string::npos)
        << empty.error().message;
}

TEST(FaultPlan, WithoutAFunctionThereIsNoStackFilter) {
    auto fault = slab_fault();
    fault.function.clear();
    const auto planned = plan_faults(spec_of_faults({fault}), fault_symbols()).value();
    for (const auto& write : planned.at(0).writes)
        EXPECT_FALSE(write.file.starts_with("require") || write.file == "stacktrace-depth")
            << write.file;
    EXPECT_TRUE(planned.at(0).is_below(1));
}

TEST(FaultPlan, AFunctionThatDecidesMustBeInTheImage) {
    FaultSpec copies;
    copies.point = "fail_usercopy";
    const auto spec = spec_of_faults({copies});
    const auto plan = make_plan(spec, spec.arms[0], fault_symbols(), {});
    ASSERT_FALSE(plan);
    EXPECT_NE(plan.error().message.find("should_fail_usercopy is not a symbol of arm 'ipi'"),
              std::string::npos)
        << plan.error().message;
}

TEST(FaultPlan, AListWithoutAnEnabledFaultArmsNothing) {
    auto fault = slab_fault();
    fault.enabled = false;
    const auto spec = spec_of_faults({fault});
    EXPECT_FALSE(spec.injects());
    const auto plan = make_plan(spec, spec.arms[0], fault_symbols(), {}).value();
    EXPECT_EQ(plan.json.at("faults"), json::array());
    EXPECT_EQ(plan.json.dump().find("slab"), std::string::npos);
}

} // namespace
} // namespace rig
