// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/metric.h"
#include "rig/guest_output/sample_builder.h"
#include "rig/plan/count_keys.h"
#include "rig/testing/captured.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

namespace rig {
namespace {

using testing::captured_boot, testing::captured_spec, testing::kTarget, testing::plan_for;

// Stock arm64: the fallback is inlined into the target, and one interrupt serves all function
// calls.
TEST(Collect, AStockArm64BootAddsUp) {
    Spec spec = captured_spec();
    spec.kernel.arch = "arm64";
    spec.target.function = "tlb_remove_table";
    Arm reviewed;
    reviewed.name = "reviewed";
    reviewed.marker = "synchronize_rcu";
    spec.arms.push_back(reviewed);
    const auto symbols = SymbolTable::parse(
        "ffffffc080093884 T synchronize_rcu\nffffffc0800bf170 T "
        "smp_call_function\nffffffc08014bec0 t tlb_remove_table_smp_sync\n"
        "ffffffc08014c4f8 T tlb_remove_table\nffffffc08014c664 T tlb_flush_mmu\n",
        "System.map");
    const auto plan = make_plan(spec, spec.arms[0], *symbols, {});
    ASSERT_TRUE(plan) << plan.error().message;
    auto boot = captured_boot("6.12-arm64-ipi");
    const auto sample = collect(boot, *plan, spec);
    ASSERT_TRUE(sample) << sample.error().message;
    const Exercised& e = sample->exercised;
    for (const auto count : {e.injections, e.failed_allocations, e.target_hits, e.marker_hits,
                             e.marked_hits, e.timed_target_hits})
        EXPECT_EQ(count, 12u); // 3 calls x 4 tables
    EXPECT_EQ(sample->counts.at("sync_ipis"), 36u);
    EXPECT_EQ(e.recorded_sync, 36u);
    EXPECT_EQ(e.sync_handled, 36u);
    EXPECT_TRUE(e.probe_addresses_match);
    EXPECT_EQ(sample->injections_by_site,
              (std::map<std::string, std::uint64_t>{{"tlb_remove_table", 12}}));
    // Two events with the same name, distinguished by the order of their filters.
    EXPECT_EQ(sample->counts.at("call_function_interrupts"), 47u);
    EXPECT_EQ(sample->counts.at("reschedule_vectors"), 0u);
    EXPECT_EQ(metric_value("call_function_vectors", *sample, spec.target), 47);
    EXPECT_FALSE(metric_value("tlb_flushes", *sample, spec.target)) << "not counted is not zero";
    // Negative control: the same files are rejected as x86 output.
    auto other = spec;
    other.kernel.arch = "x86_64";
    EXPECT_FALSE(collect(boot, *make_plan(other, other.arms[0], *symbols, {}), other));
}

// Stock riscv64: no tracepoint distinguishes these interrupts, and return probes of the function
// that fails allocations have no stack.
TEST(Collect, AStockRiscv64BootAddsUp) {
    Spec spec = captured_spec();
    spec.kernel.arch = "riscv64";
    spec.target.function = "tlb_remove_table";
    spec.workload.pace_us = 20000;
    Arm reviewed;
    reviewed.name = "reviewed";
    reviewed.marker = "synchronize_rcu";
    spec.arms.push_back(reviewed);
    const auto symbols =
        SymbolTable::parse(testing::captured("6.12-riscv64-ipi/System.map"), "System.map");
    const auto plan = make_plan(spec, spec.arms[0], *symbols, {});
    ASSERT_TRUE(plan) << plan.error().message;
    auto boot = captured_boot("6.12-riscv64-ipi");
    const auto sample = collect(boot, *plan, spec);
    ASSERT_TRUE(sample) << sample.error().message;
    const Exercised& e = sample->exercised;
    for (const auto count : {e.injections, e.failed_allocations, e.target_hits, e.marker_hits,
                             e.marked_hits, e.timed_target_hits})
        EXPECT_EQ(count, 12u); // 3 calls x 4 tables
    for (const auto count : {sample->counts.at("sync_ipis"), e.recorded_sync, e.sync_handled})
        EXPECT_EQ(count, 36u);
    EXPECT_TRUE(e.probe_addresses_match);
    EXPECT_EQ(sample->injections_by_site,
              (std::map<std::string, std::uint64_t>{{"tlb_remove_table", 12}}));
    EXPECT_GE(metric_value("call_function_vectors", *sample, spec.target).value_or(0), 36);
    EXPECT_FALSE(metric_value("tlb_flushes", *sample, spec.target)) << "not counted is not zero";
    // Negative controls: a failure whose entry is missing, one of another caller, and no entries at
    // all.
    auto bereft = boot;
    auto& one = bereft.at("counted-perf-script.txt");
    one.replace(one.rfind("rig:alloc: ", one.find("rig:alloc_failed: ")), 11, "rig:other: ");
    const auto short_of_one = collect(bereft, *plan, spec);
    ASSERT_TRUE(short_of_one) << short_of_one.error().message;
    // The preceding allocation, which did not fail, was for a batch of pages.
    EXPECT_EQ(short_of_one->injections_by_site,
              (std::map<std::string, std::uint64_t>{
                  {"__tlb_remove_folio_pages_size.constprop.0", 1}, {"tlb_remove_table", 11}}));
    auto foreign = boot;
    auto& moved = foreign.at("counted-perf-script.txt");
    const std::string in_table = "ffffffff80109c70",
                      in_fault = "ffffffff80101ec6"; // tlb_remove_table(), handle_mm_fault()
    moved.replace(moved.rfind(in_table, moved.find("rig:alloc_failed: ")), in_table.size(),
                  in_fault);
    const auto elsewhere = collect(foreign, *plan, spec);
    ASSERT_TRUE(elsewhere) << elsewhere.error().message;
    EXPECT_EQ(
        elsewhere->injections_by_site,
        (std::map<std::string, std::uint64_t>{{"handle_mm_fault", 1}, {"tlb_remove_table", 11}}));
    auto& script = boot.at("counted-perf-script.txt");
    for (std::size_t at; (at = script.find("rig:alloc: ")) != script.npos;)
        script.replace(at, 11, "rig:other: ");
    const auto unnamed = collect(boot, *plan, spec);
    ASSERT_TRUE(unnamed) << unnamed.error().message;
    EXPECT_FALSE(unnamed->injections_by_site.contains("tlb_remove_table"));
}

TEST(Collect, AnUnpatchedBootAddsUp) {
    const Spec spec = captured_spec();
    const auto sample = collect(captured_boot("6.12-ipi"), plan_for(spec, kTarget), spec);
    ASSERT_TRUE(sample) << sample.error().message;
    const Exercised& e = sample->exercised;
    EXPECT_EQ(sample->cpus_online, 4u);
    EXPECT_EQ(e.injections, 12u);
    EXPECT_EQ(e.failed_allocations, 12u);
    EXPECT_EQ(e.target_hits, 12u);
    EXPECT_EQ(e.marker_hits, 12u);
    EXPECT_EQ(e.marked_hits, 12u);
    EXPECT_EQ(sample->counts.at("sync_ipis"), 36u);
    EXPECT_EQ(e.recorded_sync, 36u);
    EXPECT_EQ(e.sync_handled, 36u);
    EXPECT_EQ(sample->ipis_by_function.at("tlb_remove_table_smp_sync"), 36u);
    EXPECT_EQ(sample->ipis_by_function.count("do_sync_core"),
              // IPIs of the instruments themselves are outside the window.
              0u);
    EXPECT_EQ(sample->injections_by_site,
              (std::map<std::string, std::uint64_t>{{"tlb_remove_table", 12}}));
    EXPECT_EQ(sample->target_latency_ns.size(), 12u);
    EXPECT_EQ(sample->call_latency_ns.size(), 3u);
    EXPECT_EQ(sample->agent_call_ns.size(), 3u);
    EXPECT_TRUE(e.probe_addresses_match);
    EXPECT_EQ(sample->counts_per_cpu.at("sync_ipis"), (std::vector<std::uint64_t>{36, 0, 0, 0}));
    ASSERT_EQ(sample->sync_callsites.size(), 1u);
    EXPECT_EQ(sample->sync_callsites.begin()->second, 36u);
    EXPECT_TRUE(sample->sync_callsites.begin()->first.starts_with("smp_call_function"))
        << sample->sync_callsites.begin()->first;
    EXPECT_GT(sample->bystander_wakeup_ns.size(), 3u);
    EXPECT_EQ(sample->bystander_wakeup_ns.size(), sample->bystander_work_time_ns.size());
}

// One call during which the target did not run.
TEST(Collect, HitsAreNotExposedCalls) {
    const Spec spec = captured_spec();
    auto artifacts = captured_boot("6.12-ipi");
    EXPECT_EQ(collect(artifacts, plan_for(spec, kTarget), spec)->exercised.exposed_calls, 3u);
    auto& text = artifacts.at("timed-perf-script.txt");
    for (auto target = text.find("rig:target"); target < text.find("syscalls:sys_exit_munmap");
         target = text.find("rig:target")) {
        const auto begin = text.rfind('\n', target) + 1;
        text.erase(begin, text.find('\n', target) + 1 - begin);
    }
    const auto sample = collect(artifacts, plan_for(spec, kTarget), spec);
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->exercised.timed_target_hits, 8u);
    EXPECT_EQ(sample->exercised.exposed_calls, 2u);
}

// As many calls of the marker as runs of the target, but not one in each run.
TEST(Collect, AWitnessElsewhereIsNoWitness) {
    const Spec spec = captured_spec();
    const auto with = [&](const std::string& from, const std::string& to) {
        auto artifacts = captured_boot("6.12-ipi");
        auto& text = artifacts.at("counted-perf-script.txt");
        const auto marker = text.find("rig:witness");
        const auto begin = text.rfind('\n', marker) + 1;
        auto line = text.substr(begin, text.find('\n', marker) + 1 - begin);
        const auto at = line.find(from);
        EXPECT_NE(at, line.npos);
        text.replace(begin + at, from.size(), to);
        const auto sample = collect(artifacts, plan_for(spec, kTarget), spec);
        EXPECT_TRUE(sample) << sample.error().message;
        return sample ? sample->exercised.marked_hits : 99;
    };
    EXPECT_EQ(with("rig:witness", "rig:elsewise"), 11u);
    EXPECT_EQ(with(" 53 [", " 54 ["), 11u) << "another task's call";
}

TEST(Collect, APatchedBootSendsNoSyncIpi) {
    const Spec spec = captured_spec();
    const auto sample = collect(captured_boot("7.3-merged"), plan_for(spec, kTarget), spec);
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->exercised.injections, 12u);
    EXPECT_EQ(sample->counts.at("sync_ipis"), 0u);
    EXPECT_FALSE(sample->exercised.probe_addresses_match); // another kernel's address
    const auto longest =
        *std::max_element(sample->target_latency_ns.begin(), sample->target_latency_ns.end());
    EXPECT_GT(longest, 1'000'000u); // grace periods
}

// Negative control: without the stack filter tlb_next_batch() fails as well (inlined into its
// caller), and the sample shows it.
TEST(Collect, WithoutTheStackFilterOtherSitesFail) {
    const Spec spec = captured_spec();
    const auto sample =
        collect(captured_boot("6.12-ipi-no-stack-filter"), plan_for(spec, kTarget), spec);
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->exercised.injections, 18u);
    EXPECT_EQ(sample->exercised.target_hits, 12u);
    EXPECT_EQ(sample->injections_by_site.at("tlb_remove_table"), 12u);
    EXPECT_EQ(sample->injections_by_site.size(), 2u);
}

struct Damage {
    const char* what;
    const char* file;
    const char* from;
    const char* to; // nullptr: remove the file
    const char* message;
};

TEST(Collect, DamagedEvidenceIsNoSample) {
    const Spec spec = captured_spec();
    const Damage damages[] = {
        {"no result", "result.json", "", nullptr, "did not send result.json"},
        {"no counts", "counted-perf-stat.csv", "", nullptr, "did not send counted-perf-stat.csv"},
        {"crash", "result.json", "\"exit\":0", "\"signal\":11", "killed by signal 11"},
        {"workload error", "result.json", "\"error\":\"\"",
         "\"error\":\"munmap: Invalid argument\"", "munmap: Invalid argument"},
        {"exit code", "result.json", "\"exit\":0", "\"exit\":3", "exit code 3"},
        {"too many calls", "result.json", "\"calls\":3", "\"calls\":4", "reports 4 calls"},
        {"fewer calls than perf saw", "result.json", "\"calls\":3", "\"calls\":2",
         "perf saw 3 calls of munmap"},
        {"times grew", "result.json", "\"times_after\":999988", "\"times_after\":1000001",
         "times rose"},
        {"a type", "result.json", "\"cpus_online\":4", "\"cpus_online\":\"4\"", "result.json"},
        {"a fraction", "result.json", "\"cpus_online\":4", "\"cpus_online\":3e115",
         "found 3e+115, want whole numbers"},
        {"CPUs", "result.json", "\"cpus_online\":4", "\"cpus_online\":400", "want 1..64"},
        {"fewer CPUs than rows", "result.json", "\"cpus_online\":4", "\"cpus_online\":2",
         "too many"},
        {"cut JSON", "result.json", "{\"bystanders\"", "", "result.json"},
        {"another event", "counted-perf-stat.csv", "tlb:tlb_flush", "tlb:other", "not asked for"},
        {"a row missing", "counted-perf-stat.csv", "CPU3,0,,rig:alloc_failed", "#", "39 rows"},
        {"an optimised probe", "kprobes.txt", "k  smp_call_function+0x0    ",
         "k  smp_call_function+0x0    [OPTIMIZED]",
         "optimised a probe, whose handler may miss others: ffffffff810e3eb0  k  "
         "smp_call_function+0x0"},
        {"a lost return", "timed-perf-script.txt", "rig:target_return", "rig:other",
         "without a rig:target_return"},
        {"a lost entry", "timed-perf-script.txt", "syscalls:sys_enter_munmap", "rig:other",
         "without syscalls:sys_enter_munmap"},
    };
    for (const auto& damage : damages) {
        auto artifacts = captured_boot("6.12-ipi");
        auto& text = artifacts.at(damage.file);
        if (damage.to) {
            const auto at = text.find(damage.from);
            ASSERT_NE(at, std::string::npos) << damage.what;
            text.replace(at, std::string(damage.from).size(), damage.to);
        } else {
            artifacts.erase(damage.file);
        }
        const auto sample = collect(artifacts, plan_for(spec, kTarget), spec);
        ASSERT_FALSE(sample) << damage.what;
        EXPECT_EQ(sample.error().fault_domain, FaultDomain::Guest) << damage.what;
        EXPECT_NE(sample.error().message.find(damage.message), std::string::npos)
            << damage.what << ": " << sample.error().message;
    }
}

// After its last iteration the workload waits for an order in a pipe, whose read() may be the
// target.
TEST(Collect, OnlyAWaitAfterTheLastIterationNeedNotReturn) {
    const auto spec = captured_spec();
    const auto whole = collect(captured_boot("6.12-ipi"), plan_for(spec, kTarget), spec);
    ASSERT_TRUE(whole) << whole.error().message;
    const auto with_entry = [&](const std::string& time) {
        auto artifacts = captured_boot("6.12-ipi");
        artifacts.at("timed-perf-script.txt") +=
            "workload 62 [000] " + time + ": rig:target: (ffffffff8116e420) ffffffff8116e421\n";
        return collect(artifacts, plan_for(spec, kTarget), spec);
    };
    const auto after = with_entry("1.175758945");
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_EQ(after->target_latency_ns, whole->target_latency_ns);
    EXPECT_EQ(after->exercised.timed_target_hits, whole->exercised.timed_target_hits)
        << "rig's own wait is no evidence";
    EXPECT_FALSE(with_entry("1.175750279")) << "control: before the end of the last iteration";
}

// Two children at once: their entries and returns interleave, but pair up per thread.
TEST(Collect, CallsArePairedWithinAThread) {
    Spec spec = captured_spec();
    spec.workload.name = "command";
    spec.workload.parameters["command"] = std::vector<std::string>{"/bin/true"};
    spec.workload.parameters["call"] = std::string("exit_mmap");
    auto artifacts = captured_boot("6.12-ipi");
    for (const char* file : {"counted-perf-script.txt", "timed-perf-script.txt"}) {
        auto& text = artifacts.at(file);
        for (const auto& [from, to] :
             {std::pair<std::string, std::string>{"sys_enter_munmap", "sys_enter_wait4"},
              {"sys_exit_munmap", "sys_exit_wait4"}})
            for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at))
                text.replace(at, from.size(), to);
    }
    auto plain = collect(artifacts, plan_for(spec, kTarget), spec);
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_EQ(plain->exercised.calls, 3u);       // runs of the command
    EXPECT_TRUE(plain->call_latency_ns.empty()); // the function was not called
    EXPECT_TRUE(plain->agent_call_ns.empty());   // the workload could not time it itself
    auto& timed = artifacts.at("timed-perf-script.txt");
    const std::string end = " [000]   999.00000";
    timed += "sh 70" + end + "0000: rig:call: (ffffffff8116f000)\nsh 71" + end +
             "0100: rig:call: (ffffffff8116f000)\n";
    EXPECT_FALSE(collect(artifacts, plan_for(spec, kTarget), spec)); // two entries without a return
    timed += "sh 70" + end +
             "0500: rig:call_return: (ffffffff81170000 <- ffffffff8116f000)\nsh 71" + end +
             "0700: rig:call_return: (ffffffff81170000 <- ffffffff8116f000)\n";
    const auto sample = collect(artifacts, plan_for(spec, kTarget), spec);
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->call_latency_ns, (std::vector<std::uint64_t>{500, 600}));
}

TEST(Collect, WhatTheWorkloadCountsIsOfBothPasses) {
    Spec spec = captured_spec();
    spec.workload.name = "gup_race"; // its calls are munmap() as well
    MetricSpec metric;
    metric.name = "wrong_pages";
    metric.custom = CustomMetric{CustomMetric::Kind::Counter, "corruptions", "", "", false};
    spec.metrics = {metric};
    auto artifacts = captured_boot("6.12-ipi");
    auto sample = collect(artifacts, plan_for(spec, kTarget), spec);
    ASSERT_FALSE(sample);
    EXPECT_EQ(sample.error().fault_domain, FaultDomain::Guest);
    EXPECT_NE(sample.error().message.find("did not report its counter walks in the count pass"),
              std::string::npos)
        << sample.error().message;
    auto result = nlohmann::json::parse(artifacts["result.json"]);
    for (unsigned pass = 0; pass < 2; ++pass)
        result["passes"][pass]["workload"]["counters"] = {{"walks", 10 + pass},
                                                          {"corruptions", pass}};
    artifacts["result.json"] = result.dump();
    sample = collect(artifacts, plan_for(spec, kTarget), spec);
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->counters,
              (std::map<std::string, std::uint64_t>{{"walks", 21}, {"corruptions", 1}}));
    EXPECT_EQ(metric_value("wrong_pages", *sample, spec.target), 1.0);
    result["passes"][1]["workload"]["counters"].erase("corruptions");
    artifacts["result.json"] = result.dump();
    sample = collect(artifacts, plan_for(spec, kTarget), spec);
    ASSERT_FALSE(sample);
    EXPECT_NE(sample.error().message.find("counter corruptions in the latency pass"),
              std::string::npos)
        << sample.error().message;
}

TEST(Collect, AMetricOfOneCpuLeavesTheOthersOut) {
    Spec spec = captured_spec();
    MetricSpec metric;
    metric.name = "one_cpu";
    metric.custom = CustomMetric{CustomMetric::Kind::Event, "csd:csd_queue_cpu", "", "", false, 0};
    spec.metrics = {metric};
    auto artifacts = captured_boot("6.12-ipi");
    // perf prints the rows of one name in the plan's order: this is a third csd:csd_queue_cpu,
    // after rig's own two.
    auto& stat = artifacts["counted-perf-stat.csv"];
    for (unsigned cpu = 0; cpu < 4; ++cpu)
        stat += "CPU" + std::to_string(cpu) + "," + std::to_string(10 + cpu) +
                ",,csd:csd_queue_cpu,1000,100.00,,\n";
    for (const unsigned cpu : {0u, 2u}) {
        spec.metrics[0].custom->cpu = cpu;
        const auto sample = collect(artifacts, plan_for(spec, kTarget), spec);
        ASSERT_TRUE(sample) << sample.error().message;
        EXPECT_EQ(metric_value("one_cpu", *sample, spec.target), 10.0 + cpu);
        EXPECT_EQ(sample->counts_per_cpu.at(custom_count_key("one_cpu")),
                  (std::vector<std::uint64_t>{10, 11, 12, 13}));
    }
    spec.metrics[0].custom->cpu = 4;
    EXPECT_FALSE(collect(artifacts, plan_for(spec, kTarget), spec));
}

TEST(Collect, ABackgroundsHistogramBecomesValues) {
    Spec spec = captured_spec();
    spec.metrics = {{"rt_wakeup",
                     ExpectKind::Report,
                     {},
                     0,
                     0,
                     CustomMetric{CustomMetric::Kind::Histogram, "cyclictest", "", "", false}}};
    auto boot = captured_boot("6.12-ipi");
    const auto with = [&](const char* text) {
        boot["timed-background-cyclictest.txt"] = text;
        return collect(boot, plan_for(spec, kTarget), spec);
    };
    const auto sample = with("# /dev/cpu_dma_latency set to 0us\n# Histogram\n000003 "
                             "000002\n000010 000001\n# Total: 000000003\n");
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->background_ns.at("rt_wakeup"),
              (std::vector<std::uint64_t>{3000, 3000, 10000}));
    EXPECT_TRUE(with("000003 000002\n# Histogram Overflows: 00000\n"));
    const auto beyond = with("000003 000002\n# Histogram Overflows: 00001\n");
    ASSERT_FALSE(beyond);
    EXPECT_NE(beyond.error().message.find("beyond its histogram"), std::string::npos)
        << beyond.error().message;
    // Empty output is no zero, and a guest cannot make the host allocate as much as it likes.
    for (const char* bad : {"", "# nothing\n", "000003 000000\n", "3 99999999999\n", "3 x\n"})
        EXPECT_FALSE(with(bad)) << bad;
    boot.erase("timed-background-cyclictest.txt");
    const auto missing = collect(boot, plan_for(spec, kTarget), spec);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().fault_domain, FaultDomain::Guest);
}

} // namespace
} // namespace rig
