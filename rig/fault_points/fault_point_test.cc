// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/fault_points/fault_point.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

namespace rig {
namespace {

using Writes = std::vector<FaultWrite>;

TEST(FaultPoints, AreCompleteAndDistinct) {
    std::set<std::string> names, events, counts;
    for (const auto* point : all_fault_points()) {
        EXPECT_TRUE(names.insert(point->name).second) << point->name;
        EXPECT_TRUE(counts.insert(point->count_key).second) << point->name;
        for (const auto& event : {point->entry_event, point->failed_event})
            EXPECT_TRUE(!event.empty() && events.insert(event).second) << point->name;
        EXPECT_FALSE(point->what.empty() || point->options.empty()) << point->name;
        EXPECT_NE(point->decides.function.empty(), point->decided_by == nullptr) << point->name;
        EXPECT_EQ(find_fault_point(point->name), point);
        for (const auto& attribute : point->attributes) {
            EXPECT_TRUE(attribute.example.starts_with(attribute.key + " = ")) << attribute.key;
            EXPECT_FALSE(attribute.text.empty()) << attribute.key;
        }
    }
    EXPECT_EQ(standard_fault_point().name, "fail_page_alloc"); // of files that name none
    EXPECT_EQ(find_fault_point("fail_make_request"), nullptr); // known, but nothing to inject into
    EXPECT_EQ(fault_point_names().size(), names.size());
}

TEST(FaultPoints, WriteTheirOwnAttributesAndExpectThemBack) {
    EXPECT_EQ(own_writes(fault_point_named("fail_page_alloc"), {}),
              (Writes{{"min-order", "0", "0"}, {"ignore-gfp-wait", "Y", "Y"}}));
    EXPECT_EQ(own_writes(fault_point_named("fail_page_alloc"),
                         {{"min-order", std::int64_t{2}}, {"ignore-gfp-highmem", false}}),
              (Writes{{"min-order", "2", "2"},
                      {"ignore-gfp-wait", "Y", "Y"},
                      {"ignore-gfp-highmem", "N", "N"}}));
    EXPECT_EQ(own_writes(fault_point_named("failslab"), {{"ignore-gfp-wait", false}}),
              (Writes{{"ignore-gfp-wait", "N", "N"}, {"cache-filter", "N", "N"}}));
    const FaultValues caches{{"cache-filter", std::vector<std::string>{"vm_area_struct", "mm"}}};
    EXPECT_EQ(own_writes(fault_point_named("failslab"), caches),
              (Writes{{"ignore-gfp-wait", "Y", "Y"},
                      {"cache-filter", "Y", "Y"},
                      {"/sys/kernel/slab/vm_area_struct/failslab", "1", "1"},
                      {"/sys/kernel/slab/mm/failslab", "1", "1"}}));
    EXPECT_TRUE(own_writes(fault_point_named("fail_usercopy"), {}).empty());
    EXPECT_EQ(own_writes(fault_point_named("fail_futex"), {}),
              (Writes{{"ignore-private", "N", "N"}}));
}

TEST(FaultPoints, AFunctionIsChosenBeforeAnyProbeAndDecidesItself) {
    const auto& point = fault_point_named("fail_function");
    const FaultValues values{{"inject", std::string("__x64_sys_getppid")},
                             {"retval", std::int64_t{-5}}};
    EXPECT_EQ(first_writes(point, values),
              (Writes{{"inject", "__x64_sys_getppid", ""},
                      {"__x64_sys_getppid/retval", "0xfffffffffffffffb", "fffffffffffffffb"}}));
    EXPECT_TRUE(own_writes(point, values).empty());
    EXPECT_EQ(probe_of(point, values), (FaultProbe{"__x64_sys_getppid", "s32", "ret == -5"}));
    EXPECT_EQ(functions_named(point, values), std::vector<std::string>{"__x64_sys_getppid"});
    EXPECT_EQ(first_writes(point, {{"inject", std::string("f")}}).at(1).value,
              "0xfffffffffffffff4"); // -ENOMEM
    EXPECT_TRUE(first_writes(fault_point_named("failslab"), {}).empty());
}

TEST(FaultPoints, ExplainWhyTheyFailedNothing) {
    const auto& pages = fault_point_named("fail_page_alloc");
    EXPECT_EQ(pages.why_none({}, "fault."), "");
    EXPECT_EQ(pages.why_none({{"min-order", std::int64_t{1}}}, "fault."),
              "fault.min-order = 1 lets order-0 allocations pass");
    for (const char* name : {"fail_page_alloc", "failslab"}) {
        const auto& point = fault_point_named(name);
        EXPECT_NE(point.likely_why_none({}, "").find("may sleep"), std::string::npos) << name;
        EXPECT_EQ(point.likely_why_none({{"ignore-gfp-wait", false}}, ""), "") << name;
    }
    EXPECT_EQ(fault_point_named("failslab")
                  .likely_why_none({{"ignore-gfp-wait", false},
                                    {"cache-filter", std::vector<std::string>{"mm", "vma"}}},
                                   "failslab: "),
              "failslab: cache-filter lets all caches pass but mm, vma");
    EXPECT_EQ(fault_point_named("fail_futex").likely_why_none({}, ""), "");
    EXPECT_NE(fault_point_named("fail_futex").likely_why_none({{"ignore-private", true}}, ""), "");
}

TEST(FaultPoints, AKeyOfSeveralIsListedOnce) {
    EXPECT_EQ(points_with("ignore-gfp-wait"), "\"fail_page_alloc\" or \"failslab\"");
    EXPECT_EQ(points_with("retval"), "\"fail_function\"");
    EXPECT_EQ(points_with("interval"), "");
    std::set<std::string> keys;
    for (const auto* attribute : fault_attributes())
        EXPECT_TRUE(keys.insert(attribute->key).second) << attribute->key;
    EXPECT_TRUE(keys.contains("ignore-gfp-wait"));
    // A value of another type than the attribute's is no value.
    EXPECT_EQ(number_of(fault_point_named("fail_page_alloc"), {{"min-order", true}}, "min-order"),
              0);
}

} // namespace
} // namespace rig
