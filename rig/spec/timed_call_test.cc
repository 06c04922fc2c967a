#include "rig/spec/timed_call.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

WorkloadSpec named(const std::string& name) {
    WorkloadSpec workload;
    workload.name = name;
    return workload;
}

TEST(MeasuredCall, SystemCallsNeedNoProbe) {
    const auto call = call_of(named("munmap"));
    EXPECT_EQ(call.enter, "syscalls:sys_enter_munmap");
    EXPECT_EQ(call.exit, "syscalls:sys_exit_munmap");
    EXPECT_EQ(call.function, "");
    EXPECT_FALSE(call.of_children);
    EXPECT_TRUE(call.own_clock);
}

TEST(MeasuredCall, AnExitIsTimedWhereTheAddressSpaceGoes) {
    const auto call = call_of(named("exit"));
    EXPECT_EQ(call.name, "exit_mmap");
    EXPECT_EQ(call.enter, "rig:call");
    EXPECT_EQ(call.exit, "rig:call_return");
    EXPECT_TRUE(call.of_children);
    EXPECT_FALSE(call.own_clock); // the parent sees more than that: from fork to wait
}

TEST(MeasuredCall, ACommandIsTimedAsAWholeOrByAFunction) {
    auto workload = named("command");
    EXPECT_EQ(call_of(workload).enter, "syscalls:sys_enter_wait4");
    workload.call = "do_exit";
    EXPECT_EQ(call_of(workload).function, "do_exit");
    EXPECT_EQ(iteration_of(workload).enter, "syscalls:sys_enter_wait4"); // still what an iteration is
}

TEST(MeasuredCall, TablesAreExpectedWhereTheyAreCounted) {
    auto workload = named("munmap");
    workload.iterations = 100000;
    workload.tables = 511;
    EXPECT_EQ(expected_tables(workload), 51100000u);
    workload.name = "command";
    EXPECT_EQ(expected_tables(workload), 0u);
}

TEST(MeasuredCall, RetainedCallersAreSystemCallsThatSayHowOftenTheyReachTheTarget) {
    EXPECT_EQ(call_of(named("collapse")).enter, "syscalls:sys_enter_madvise");
    EXPECT_EQ(call_of(named("pmd_unshare")).enter, "syscalls:sys_enter_munmap");
    auto workload = named("collapse");
    workload.tables = 7;
    EXPECT_EQ(hits_per_call(workload), 7u);
    workload.name = "pmd_unshare";
    EXPECT_EQ(hits_per_call(workload), 1u);
    for (const char* name : {"munmap", "exit", "command"}) EXPECT_EQ(hits_per_call(named(name)), std::nullopt) << name;
}

TEST(MeasuredCall, ChildrenAreFollowedOnlyWhereThereAreAny) {
    for (const char* name : {"munmap", "collapse", "pmd_unshare"}) EXPECT_FALSE(has_children(named(name))) << name;
    EXPECT_TRUE(has_children(named("exit")));
    EXPECT_TRUE(has_children(named("command")));
}

} // namespace
} // namespace rig
