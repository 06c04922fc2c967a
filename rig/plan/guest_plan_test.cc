// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/plan/guest_plan.h"
#include "rig/testing/captured.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace rig {
namespace {

using testing::captured_spec, testing::kTarget, testing::plan_for;

TEST(Plan, NamesAFunctionThatIsNotThere) {
    Spec spec = captured_spec();
    spec.arms[0].marker = "no_such_function";
    const auto symbols = SymbolTable::parse(
        "ffffffff8116e390 t tlb_remove_table_smp_sync\nffffffff8116e420 t tlb_remove_table_one\n"
        "ffffffff8116e8d0 T tlb_remove_table\nffffffff8116eaf0 T x\n",
        "System.map");
    const auto plan = make_plan(spec, spec.arms[0], *symbols, {});
    ASSERT_FALSE(plan);
    EXPECT_NE(plan.error().message.find("marker no_such_function is not a symbol of arm 'ipi'"),
              std::string::npos)
        << plan.error().message;
}

std::string filter_of(const nlohmann::json& events, const std::string& name) {
    for (const auto& event : events)
        if (event.at("event") == name) return event.value("filter", "");
    return "no such event";
}

// riscv64 has no tracepoint that distinguishes the kinds of IPIs received.
TEST(Plan, WhereThereIsNoTracepointAFunctionsCallsAreCounted) {
    Spec spec = captured_spec();
    const std::string symbols =
                          "ffffffff800e3eb0 T smp_call_function\nffffffff8016e390 t "
                          "tlb_remove_table_smp_sync\nffffffff8016e420 t tlb_remove_table_one\n"
                          "ffffffff8016e8d0 T tlb_remove_table\n",
                      counted = "ffffffff8016f000 T generic_smp_call_function_single_interrupt\n",
                      last = "ffffffff8016f100 T x\n";
    const std::string probe =
        "p:rig/call_function_interrupts generic_smp_call_function_single_interrupt";
    const auto probes_of = [&](const char* arch) {
        spec.kernel.arch = arch;
        return make_plan(spec, spec.arms[0],
                         *SymbolTable::parse(symbols + counted + last, "System.map"), {})
            ->json.at("probes");
    };
    const auto on_riscv64 = probes_of("riscv64"), on_arm64 = probes_of("arm64");
    EXPECT_NE(std::find(on_riscv64.begin(), on_riscv64.end(), probe), on_riscv64.end())
        << on_riscv64;
    EXPECT_EQ(std::find(on_arm64.begin(), on_arm64.end(), probe), on_arm64.end()) << on_arm64;
    // riscv64 also has no stack at a function's return: the stack at the entry identifies the
    // failed allocation.
    EXPECT_NE(std::find(on_riscv64.begin(), on_riscv64.end(), "p:rig/alloc should_fail_alloc_page"),
              on_riscv64.end())
        << on_riscv64;
    EXPECT_EQ(on_riscv64.size(), on_arm64.size() + 2);
    // A kernel in which the function has another name is refused before it is booted.
    spec.kernel.arch = "riscv64";
    const auto plan =
        make_plan(spec, spec.arms[0], *SymbolTable::parse(symbols + last, "System.map"), {});
    ASSERT_FALSE(plan);
    EXPECT_NE(
        plan.error().message.find("generic_smp_call_function_single_interrupt are counted "
                                  "(call_function_interrupts), which is not a symbol of arm 'ipi'"),
        std::string::npos)
        << plan.error().message;
}

TEST(Plan, FollowsChildrenOnlyWhereThereAreAny) {
    Spec spec = captured_spec();
    const auto of = [&](const char* list) {
        return plan_for(spec, kTarget).json.at("passes").at(0).at(list);
    };
    EXPECT_EQ(filter_of(of("stat"), "rig:target"), "common_pid == $PID");
    EXPECT_EQ(filter_of(of("record"), "syscalls:sys_enter_munmap"), "common_pid == $PID");
    EXPECT_EQ(plan_for(spec, kTarget).json.dump().find("rig/call"), std::string::npos);

    spec.workload.name = "exit";
    const std::string tree =
        R"((common_pid == $PID || (common_pid >= $CHILDREN && !(comm ~ "kworker*"))))";
    for (const char* event : {"rig:target", "rig:witness"})
        EXPECT_EQ(filter_of(of("stat"), event), tree) << event;
    EXPECT_EQ(filter_of(of("stat"), "rig:alloc_failed"), "ret == 1 && " + tree);
    EXPECT_EQ(filter_of(of("record"), "rig:call"), tree);
    EXPECT_EQ(filter_of(of("record"), "rig:call_return"), tree);
    EXPECT_EQ(filter_of(of("record"), "syscalls:sys_enter_munmap"), "no such event");
    const auto probes = plan_for(spec, kTarget).json.at("probes").dump();
    EXPECT_NE(probes.find("p:rig/call exit_mmap"), std::string::npos);
    EXPECT_NE(probes.find("r:rig/call_return exit_mmap"), std::string::npos);
}

TEST(Plan, TellsTheBystandersWhetherToBeBusy) {
    Spec spec = captured_spec();
    EXPECT_EQ(plan_for(spec, kTarget).json.at("bystanders").at("busy"), false);
    spec.workload.bystander_mode = BystanderMode::Busy;
    EXPECT_EQ(plan_for(spec, kTarget).json.at("bystanders").at("busy"), true);
}

TEST(Plan, TheAgentLearnsOfOtherBystandersOnlyIfThereAreAny) {
    Spec spec = captured_spec();
    const auto usual = plan_for(spec, kTarget).json.at("bystanders");
    for (const char* key : {"user", "cpus", "caller"})
        EXPECT_FALSE(usual.contains(key)) << key;
    spec.workload.bystander_mode = BystanderMode::User;
    spec.workload.bystander_cpus = "2-3";
    spec.workload.caller_bystander = CallerBystander{1, 200, 60};
    const auto plan = plan_for(spec, kTarget).json.at("bystanders");
    EXPECT_EQ(plan.at("user"), true);
    EXPECT_EQ(plan.at("busy"), false);
    EXPECT_EQ(plan.at("cpus"), nlohmann::json({2, 3}));
    EXPECT_EQ(plan.at("caller"),
              nlohmann::json({{"cpu", 1}, {"period_us", 200}, {"priority", 60}}));
}

TEST(Plan, TheLatencyPassCanBeLeftOut) {
    Spec spec = captured_spec();
    const auto both = plan_for(spec, kTarget);
    ASSERT_EQ(both.json.at("passes").size(), 2u);
    spec.guest.passes = Passes::Count;
    const auto plan = plan_for(spec, kTarget);
    ASSERT_EQ(plan.json.at("passes").size(), 1u);
    EXPECT_EQ(plan.json.at("passes")[0], both.json.at("passes")[0]);
}

TEST(Plan, TheAgentCountsNodesOnlyIfThereAreSeveral) {
    Spec spec = captured_spec();
    EXPECT_FALSE(plan_for(spec, kTarget).json.contains("numa"));
    spec.guest.numa = 2;
    EXPECT_EQ(plan_for(spec, kTarget).json.at("numa"), 2);
}

// perf starts after the threads, so that their ids are the first ones above the workload's.
TEST(Plan, ThreadsOfTheWorkloadAreItsOwnTasks) {
    Spec spec = captured_spec();
    spec.workload.name = "threads";
    ParameterTable group{{{"name", std::string("callers")},
                          {"threads", 2u},
                          {"args", std::vector<std::string>{"@region", "4096"}}}};
    spec.workload.parameters["group"] = std::vector<ParameterTable>{group};
    const auto filter = [&](const char* list, const char* event) {
        const auto plan = plan_for(spec, kTarget);
        for (const auto& pass : plan.json.at("passes"))
            for (const auto& one : pass.at(list))
                if (one.at("event") == event) return one.value("filter", std::string());
        return std::string("no such event");
    };
    const std::string threads =
        "(common_pid > $PID && common_pid <= $LAST && !(comm ~ \"kworker*\"))";
    EXPECT_EQ(filter("stat", "rig:target"), threads);
    EXPECT_EQ(filter("stat", "rig:alloc_failed"), "ret == 1 && " + threads);
    // A round is the main thread's.
    EXPECT_EQ(filter("record", "syscalls:sys_enter_futex"), "common_pid == $PID");
    EXPECT_EQ(filter("record", "syscalls:sys_exit_readv"), "common_pid == $PID");
    const auto groups = plan_for(spec, kTarget).json.at("workload").at("group");
    ASSERT_EQ(groups.size(), 1u);
    EXPECT_EQ(groups[0].at("threads"), 2);
    EXPECT_EQ(groups[0].at("args"), nlohmann::json({"@region", "4096"}));
    group.values["command"] = std::vector<std::string>{"/bin/true"};
    spec.workload.parameters["group"] = std::vector<ParameterTable>{group};
    EXPECT_NE(filter("stat", "rig:target").find("common_pid >= $CHILDREN"), std::string::npos);
}

TEST(Plan, AnArmWithoutAWitnessHasNoProbeForIt) {
    Spec spec = captured_spec();
    EXPECT_NE(plan_for(spec, kTarget).json.dump().find("witness"), std::string::npos);
    spec.target.same_path = true;
    spec.arms[0].marker.clear();
    EXPECT_EQ(plan_for(spec, kTarget).json.dump().find("witness"), std::string::npos);
}

// Probes cost IPIs: every arm has the same number of them, whatever functions its kernel has.
TEST(GuestPlan, EveryArmProbesTheOthersWitnesses) {
    Spec spec;
    spec.arms = {{"ipi", {}, "smp_call_function", {}},
                 {"reviewed", {}, "synchronize_rcu", {}},
                 {"planted", {}, "planted_delay", {}},
                 {"again", {}, "smp_call_function", {}}};
    spec.target.function = "tlb_remove_table_one";
    spec.target.sync_function.clear();
    spec.faults[0].enabled = false;
    const std::string common =
        "ffffffff81000000 T panic\nffffffff81000100 T smp_call_function\nffffffff81000200 T "
        "synchronize_rcu\nffffffff81000300 t tlb_remove_table_one\n";
    const auto base = SymbolTable::parse(common + "ffffffff81000400 T end\n", "System.map").value();
    const auto planted =
        SymbolTable::parse(common + "ffffffff81000400 t planted_delay\nffffffff81000500 T end\n",
                           "System.map")
            .value();
    for (std::size_t arm = 0; arm < spec.arms.size(); ++arm) {
        const auto plan = make_plan(spec, spec.arms[arm], arm == 2 ? planted : base, {});
        ASSERT_TRUE(plan) << plan.error().message;
        std::vector<std::string> foreign;
        for (const auto& event : plan->stat)
            if (event.event.starts_with("rig:foreign_")) foreign.push_back(event.key);
        EXPECT_EQ(foreign.size(), 2u) << spec.arms[arm].name;
        if (arm == 0) {
            EXPECT_EQ(foreign, (std::vector<std::string>{"witness:synchronize_rcu",
                                                         "stand_in:planted_delay"}));
            EXPECT_NE(plan->json.dump().find("p:rig/foreign_1 panic"), std::string::npos);
        }
        if (arm == 2) {
            EXPECT_EQ(foreign, (std::vector<std::string>{"witness:smp_call_function",
                                                         "witness:synchronize_rcu"}));
        }
    }
}

// Probes at one address share a breakpoint, and cost the IPIs of only one.
TEST(GuestPlan, NoFunctionStandsInTwice) {
    Spec spec;
    spec.arms = {{"ipi", {}, "smp_call_function", {}},
                 {"a", {}, "planted_a", {}},
                 {"b", {}, "planted_b", {}},
                 {"c", {}, "planted_c", {}}};
    spec.target.function = "tlb_remove_table_one";
    spec.target.sync_function.clear();
    spec.faults[0].enabled = false;
    const auto symbols =
        SymbolTable::parse("ffffffff81000000 T panic\nffffffff81000050 T "
                           "kernel_halt\nffffffff81000100 T smp_call_function\n"
                           "ffffffff81000300 t tlb_remove_table_one\nffffffff81000400 T end\n",
                           "System.map")
            .value();
    const auto plan = make_plan(spec, spec.arms[0], symbols, {}).value();
    const auto text = plan.json.dump();
    EXPECT_NE(text.find("p:rig/foreign_0 panic"), std::string::npos);
    EXPECT_NE(text.find("p:rig/foreign_1 kernel_halt"), std::string::npos);
    EXPECT_EQ(text.find("foreign_2"), std::string::npos); // the kernel has no third substitute
}

TEST(Plan, ACommandsRunsAndTheCallsTimedInThemAreDifferentEvents) {
    Spec spec = captured_spec();
    spec.workload.name = "command";
    spec.workload.parameters["command"] = std::vector<std::string>{"/bin/sh", "-c", "true"};
    const auto record = [&] {
        return plan_for(spec, kTarget).json.at("passes").at(1).at("record");
    };
    EXPECT_EQ(filter_of(record(), "syscalls:sys_enter_wait4"),
              "common_pid == $PID"); // not the waits of the shell itself
    EXPECT_EQ(filter_of(record(), "rig:call"), "no such event");
    spec.workload.parameters["call"] = std::string("exit_mmap");
    EXPECT_EQ(filter_of(record(), "syscalls:sys_exit_wait4"), "common_pid == $PID");
    EXPECT_NE(filter_of(record(), "rig:call").find("$CHILDREN"), std::string::npos);
    EXPECT_EQ(plan_for(spec, kTarget).json.at("workload").at("command"),
              nlohmann::json(spec.workload.words("command")));
    spec.workload.parameters["call"] = std::string("no_such_function");
    const auto symbols = SymbolTable::parse(
        "ffffffff8116e390 t tlb_remove_table_smp_sync\nffffffff8116e420 t tlb_remove_table_one\n"
        "ffffffff8116e8d0 T tlb_remove_table\nffffffff8116eaf0 T "
        "smp_call_function\nffffffff8116ebf0 T x\n",
        "System.map");
    const auto plan = make_plan(spec, spec.arms[0], *symbols, {});
    ASSERT_FALSE(plan);
    EXPECT_NE(plan.error().message.find("no_such_function is not a symbol"), std::string::npos)
        << plan.error().message;
}

TEST(Plan, WithoutFaultsNothingIsAskedOfTheirFunction) {
    Spec spec = captured_spec();
    spec.faults[0].enabled = false;
    spec.faults[0].function = "no_such_function";
    const auto fault = plan_for(spec, kTarget).json.at("fault");
    EXPECT_EQ(fault.at("enabled"), false);
    EXPECT_EQ(fault.dump().find("require-start"), std::string::npos);
}

TEST(Plan, PinsTheInjectionToOneFunctionAndTask) {
    const Spec spec = captured_spec();
    const auto plan = plan_for(spec, kTarget).json;
    std::map<std::string, std::string> attributes;
    for (const auto& pair : plan.at("fault").at("attributes"))
        attributes[pair.at(0)] = pair.at(1);
    EXPECT_EQ(attributes.at("require-start"), "0xffffffff8116e8d0");
    EXPECT_EQ(attributes.at("require-end"), "0xffffffff8116eaf0");
    EXPECT_EQ(attributes.at("task-filter"), "Y");
    EXPECT_EQ(attributes.at("min-order"), "0");
    EXPECT_EQ(plan.at("fault").at("attributes").back().at(0),
              "probability"); // nothing fails before the filters are set
    EXPECT_NE(plan.dump().find("func == 0xffffffff8116e390"), std::string::npos);
}

} // namespace
} // namespace rig
