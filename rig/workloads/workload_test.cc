// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/workload.h"

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

namespace rig {
namespace {

WorkloadSpec named(const std::string& name) {
    WorkloadSpec workload;
    workload.name = name;
    return workload;
}

TEST(Workload, SystemCallsNeedNoProbe) {
    const auto call = call_of(named("munmap"));
    EXPECT_EQ(call.enter, "syscalls:sys_enter_munmap");
    EXPECT_EQ(call.exit, "syscalls:sys_exit_munmap");
    EXPECT_EQ(call.function, "");
    EXPECT_FALSE(call.of_children);
    EXPECT_TRUE(call.own_clock);
}

TEST(Workload, AnExitIsTimedWhereTheAddressSpaceGoes) {
    const auto call = call_of(named("exit"));
    EXPECT_EQ(call.name, "exit_mmap");
    EXPECT_EQ(call.enter, "rig:call");
    EXPECT_EQ(call.exit, "rig:call_return");
    EXPECT_TRUE(call.of_children);
    EXPECT_FALSE(call.own_clock); // the parent's own clock covers more: from fork to wait
}

TEST(Workload, ACommandIsTimedAsAWholeOrByAFunction) {
    auto workload = named("command");
    EXPECT_EQ(call_of(workload).enter, "syscalls:sys_enter_wait4");
    workload.parameters["call"] = std::string("do_exit");
    EXPECT_EQ(call_of(workload).function, "do_exit");
    EXPECT_EQ(iteration_of(workload).enter,
              "syscalls:sys_enter_wait4"); // this is still one iteration
}

TEST(Workload, TablesAreExpectedWhereTheyAreCounted) {
    auto workload = named("munmap");
    workload.iterations = 100000;
    workload.parameters["tables"] = 511u;
    EXPECT_EQ(expected_work(workload), 51100000u);
    workload.name = "command";
    EXPECT_EQ(expected_work(workload), 0u);
}

TEST(Workload, RetainedCallersAreSystemCallsThatSayHowOftenTheyReachTheTarget) {
    EXPECT_EQ(call_of(named("collapse")).enter, "syscalls:sys_enter_madvise");
    EXPECT_EQ(call_of(named("pmd_unshare")).enter, "syscalls:sys_enter_munmap");
    auto workload = named("collapse");
    workload.parameters["tables"] = 7u;
    EXPECT_EQ(hits_per_call(workload), 7u);
    workload.name = "pmd_unshare";
    EXPECT_EQ(hits_per_call(workload), 1u);
    for (const char* name : {"munmap", "exit", "command"})
        EXPECT_EQ(hits_per_call(named(name)), std::nullopt) << name;
}

TEST(Workload, ChildrenAreFollowedOnlyWhereThereAreAny) {
    for (const char* name : {"munmap", "collapse", "pmd_unshare"})
        EXPECT_FALSE(has_children(named(name))) << name;
    EXPECT_TRUE(has_children(named("exit")));
    EXPECT_TRUE(has_children(named("command")));
}

TEST(Workload, DeclarationsAreWholeAndNamesUnique) {
    std::set<std::string> names;
    for (const auto* one : all_workloads()) {
        EXPECT_TRUE(names.insert(one->name).second) << one->name;
        EXPECT_FALSE(one->purpose.empty() || one->iteration.enter.empty() ||
                     one->iteration.exit.empty())
            << one->name;
        EXPECT_EQ(one->work.empty(), one->work_per_call == nullptr) << one->name;
        EXPECT_EQ(one->work.empty(), one->work_claim.empty()) << one->name;
        std::set<std::string> keys;
        for (const auto& parameter : one->parameters) {
            EXPECT_TRUE(keys.insert(parameter.key).second) << one->name << '.' << parameter.key;
            EXPECT_FALSE(parameter.meaning.empty()) << one->name << '.' << parameter.key;
            if (parameter.type != WorkloadParameter::Type::Number) continue;
            const auto standard = std::get<unsigned>(parameter.standard);
            EXPECT_TRUE(parameter.minimum <= standard && standard <= parameter.maximum)
                << one->name << '.' << parameter.key;
        }
        for (const auto& [key, why] : one->refused)
            EXPECT_TRUE(!keys.contains(key) && !why.empty()) << one->name << '.' << key;
        EXPECT_TRUE(one->call_parameter.empty() || keys.contains(one->call_parameter)) << one->name;
    }
    EXPECT_EQ(find_workload("no such workload"), nullptr);
    EXPECT_TRUE(counters_of(named("no such workload")).empty());
}

TEST(Workload, AParameterIsWhatTheFileSaysElseTheDefault) {
    auto workload = named("munmap");
    EXPECT_EQ(workload.number("tables"), 4u);
    workload.parameters["tables"] = 0u;
    EXPECT_EQ(workload.number("tables"), 0u);
    EXPECT_EQ(workload.text("tables"), ""); // has another type
    EXPECT_EQ(workload.number("no such parameter"), 0u);
    EXPECT_TRUE(named("command").words("command").empty());
}

TEST(Workload, SamePathGoesWithTheWorkloadsThatPredictHits) {
    EXPECT_EQ(workloads_with_predicted_hits(),
              (std::vector<std::string>{"collapse", "pmd_unshare"}));
}

// Hints are about the function under test: for another function they would be wrong.
TEST(Workload, HintsOnTheTableBatchAreForExperimentsAboutIt) {
    const std::map<std::string, std::string> config = {
        {"X86", "y"}, {"PT_RECLAIM", "y"}, {"PARAVIRT", "n"}};
    HintFacts facts{.kernel_version = "6.12.117",
                    .config = config,
                    .stock = true,
                    .target_function = "tlb_remove_table_one",
                    .fault_function = "",
                    .work_done = 80,
                    .option = "PT_RECLAIM"};
    for (const char* name :
         {"munmap", "exit", "collapse", "pmd_unshare", "gup_race", "command", "crash"})
        EXPECT_NE(hint(named(name), HintFor::ConfigDiffers, facts).find("call_rcu()"),
                  std::string::npos)
            << name;
    EXPECT_NE(hint(named("munmap"), HintFor::NoInjection, facts).find("bypasses the table batch"),
              std::string::npos);
    facts.work_done = 0;
    EXPECT_EQ(hint(named("munmap"), HintFor::NoInjection, facts),
              "the workload freed no page table, so none was queued for freeing");
    // What a command frees is not counted.
    EXPECT_EQ(hint(named("command"), HintFor::NoInjection, facts).find("freed no page table"),
              std::string::npos);
    facts.stock = false;
    EXPECT_EQ(hint(named("munmap"), HintFor::TargetNotHit, facts), "");
    facts.target_function = "refresh_vm_stats";
    for (const auto what :
         {HintFor::OrderTooHigh, HintFor::NoInjection, HintFor::NoInjectionCause, HintFor::AnySite,
          HintFor::OtherSites, HintFor::TargetNotHit, HintFor::InjectedElsewhere,
          HintFor::WitnessNotHit, HintFor::ConfigDiffers, HintFor::SymbolMissing})
        EXPECT_EQ(hint(named("munmap"), what, facts), "") << static_cast<int>(what);
}

} // namespace
} // namespace rig
