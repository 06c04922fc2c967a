// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/protocol/thread_groups.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace rig {
namespace {

using Words = std::vector<std::string>;

ParameterTable group(const std::string& name, unsigned threads, unsigned calls) {
    return {{{"name", name},
             {"threads", threads},
             {"cpus", std::string("0-1")},
             {"policy", std::string("other")},
             {"call", std::string("getppid")},
             {"calls", calls},
             {"errors", Words{"EAGAIN"}}}};
}

WorkloadSpec with(std::vector<ParameterTable> groups) {
    WorkloadSpec workload;
    workload.name = "threads";
    workload.iterations = 10;
    workload.parameters["group"] = std::move(groups);
    return workload;
}

TEST(Threads, CountersAndTimingsFollowFromTheGroups) {
    auto waiters = group("waiters", 1, 0);
    waiters.values["until"] = std::string("callers");
    const auto workload = with({group("callers", 2, 5), waiters});
    EXPECT_EQ(counters_of(workload),
              (Words{"callers_calls", "callers_errors", "callers_eagain", "callers_0_calls",
                     "callers_1_calls", "waiters_calls", "waiters_errors", "waiters_eagain",
                     "waiters_0_calls"}));
    Words names;
    for (const auto& timing : timings_of(workload)) {
        names.push_back(timing.name);
        EXPECT_FALSE(timing.parts.empty()) << timing.name;
    }
    EXPECT_EQ(names, (Words{"callers", "callers_0", "callers_1", "waiters", "waiters_0"}));
    EXPECT_EQ(timings_of(workload)[0].parts, (Words{"callers_0", "callers_1"}));
    // How often the waiters call is not known beforehand.
    EXPECT_EQ(expected_work(workload), 100u);
    EXPECT_TRUE(timings_of({}).empty()) << "other workloads time nothing themselves";
}

TEST(Threads, ARoundIsSeenByTheMainThreadsCalls) {
    const auto call = iteration_of(with({group("callers", 1, 1)}));
    EXPECT_EQ(call.enter, "syscalls:sys_enter_futex");
    EXPECT_EQ(call.exit, "syscalls:sys_exit_readv");
    EXPECT_FALSE(call.of_children);
}

TEST(Threads, OnlyGroupsWithACommandStartProcesses) {
    auto workload = with({group("callers", 1, 1)});
    EXPECT_TRUE(has_threads(workload));
    EXPECT_FALSE(has_children(workload));
    auto runners = group("runners", 1, 1);
    runners.values["call"] = std::string();
    runners.values["command"] = Words{"/bin/true"};
    EXPECT_TRUE(has_children(with({group("callers", 1, 1), runners})));
    WorkloadSpec other;
    EXPECT_FALSE(has_threads(other));
}

TEST(Threads, LimitsHoldForAllGroupsTogether) {
    const auto& refuse = *workload_named("threads").refuse;
    EXPECT_FALSE(refuse(with({group("a", 32, 1), group("b", 32, 1)}), 2));
    const auto many = refuse(with({group("a", 32, 1), group("b", 33, 1)}), 2);
    ASSERT_TRUE(many);
    EXPECT_EQ(many->key, "threads");
    EXPECT_NE(many->want.find("at most 64 threads"), std::string::npos) << many->want;
    const auto kept = guest::kept_latencies(64);
    EXPECT_FALSE(refuse(with({group("a", 64, kept / 10)}), 2));
    const auto long_run = refuse(with({group("a", 64, kept / 10 + 1)}), 2);
    ASSERT_TRUE(long_run);
    EXPECT_EQ(long_run->key, "calls");
}

} // namespace
} // namespace rig
