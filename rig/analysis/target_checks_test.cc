// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/target_checks.h"

#include "rig/guest_output/metric.h"
#include "rig/guest_output/sample_builder.h"
#include "rig/plan/count_keys.h"
#include "rig/testing/captured.h"
#include "rig/testing/exercised_fixture.h"

#include <functional>
#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

TEST_F(ExercisedTest, EverythingHoldsInAGoodRun) {
    expect_failing({}, 0);
    expect_failing({}, 1);
    EXPECT_EQ(checks(0).size(), 19u); // all but image_differs, same_config and witness_differs
    EXPECT_EQ(checks(1).size(), 22u);
    EXPECT_EQ(check("injections").found, "80 in each of 8 boots");
    EXPECT_EQ(check("config").found, "CONFIG_MMU_GATHER_RCU_TABLE_FREE=y; CONFIG_PT_RECLAIM=n");
    EXPECT_EQ(check("platform").found, "virtual clock, tcg, 6.12.117");
    EXPECT_TRUE((ArmChecks{"x", checks()}.all_pass()));
    EXPECT_FALSE((ArmChecks{"x", {}}.all_pass())); // without checks nothing passed
}

TEST_F(ExercisedTest, ProvenInOneArmIsNotProvenInTheOther) {
    boot(0).exercised.marker_hits = 0;
    expect_failing({}, 0);
    expect_failing({"witness_hits"}, 1);
}

TEST_F(ExercisedTest, NoBootProvesNothing) {
    samples_.clear();
    expect_failing({"boots", "platform", "injections", "faults_reconcile", "failure_sites",
                    "target_hits", "witness_hits", "witness_within", "witness_differs",
                    "sync_reconciles", "cpus_reconcile", "no_lost_events", "probe_addresses",
                    "workload_complete", "timed_pass", "clocks_agree", "cpus_online"});
    EXPECT_EQ(check("boots").found, "0 of 8 boots");
    EXPECT_EQ(check("injections").found, "no boot, want at least one");
}

TEST_F(ExercisedTest, AReplayMustComeOutTheSame) {
    replays_[1].difference = "/counts/csd_total";
    expect_failing({}, 0);
    expect_failing({"replay"}, 1);
    EXPECT_EQ(check("replay").found, "it differs, first in /counts/csd_total");
    EXPECT_NE(check("replay").reason.find("no fault of the kernel"), std::string::npos);
    replays_.pop_back();
    expect_failing({"replay"}, 1);
    EXPECT_EQ(check("replay").found, "it was not repeated, want once");
    replays_.clear();
    for (auto& sample : samples_)
        sample.run_clock = "wall"; // no two boots are equal there
    expect_failing({});
}

// A misleading experiment: the change is elsewhere, and every kernel calls the marker.
TEST_F(ExercisedTest, AWitnessOfTheBaselineTellsNothing) {
    EXPECT_EQ(check("witness_differs").found, "0 calls in each of 8 boots of ipi");
    samples_[4].counts[marker_key("synchronize_rcu")] = 80;
    expect_failing({"witness_differs"});
    EXPECT_EQ(check("witness_differs").found, "boot 2: 80 calls in ipi, want 0");
    samples_[4].counts.erase(marker_key("synchronize_rcu"));
    expect_failing({"witness_differs"});
    EXPECT_EQ(check("witness_differs").found, "boot 2: not counted in ipi");
    baseline_.symbols["synchronize_rcu"] = ""; // a function that the series adds
    expect_failing({});
    EXPECT_EQ(check("witness_differs").found, "ipi has no such function");
    spec_.arms[1].marker = "smp_call_function";
    expect_failing({"witness_differs"});
    EXPECT_NE(check("witness_differs").found.find("smp_call_function() is the marker of ipi too"),
              std::string::npos);
    EXPECT_EQ(checks(0).size(), 19u) << "nothing is asked of the baseline";
    spec_.target.same_path = true; // means that all arms run the same code
    for (const auto& one : checks())
        EXPECT_NE(one.id, "witness_differs");
}

TEST_F(ExercisedTest, TheCpusAddUpToEachTotal) {
    boot(2).counts_per_cpu["call_function_vectors"][3] += 1;
    expect_failing({"cpus_reconcile"});
    EXPECT_EQ(check("cpus_reconcile").found,
              "boot 2: call_function_vectors: 161 on all CPUs together, 160 in total, want equal");
    boot(2) = make_sample("reviewed", 2, true);
    boot(2).counts_per_cpu.clear();
    EXPECT_EQ(check("cpus_reconcile").found, "boot 2: no counter was kept per CPU");
}

TEST_F(ExercisedTest, AMetricOfOneCpuIsThatCpusCount) {
    MetricSpec metric;
    metric.name = "there";
    metric.custom = CustomMetric{
        CustomMetric::Kind::Event, "irq_vectors:call_function_entry", "", "", false, 3};
    spec_.metrics.push_back(metric);
    const auto key = custom_count_key("there");
    for (auto& sample : samples_) {
        sample.counts_per_cpu[key] = {1, 2, 3, 40};
        sample.counts[key] = 40;
    }
    expect_failing({});
    boot(2).counts[key] = 46;
    expect_failing({"cpus_reconcile"});
    EXPECT_NE(check("cpus_reconcile").found.find("40 on CPU 3, 46 in the metric"),
              std::string::npos);
}

// clocksource=jiffies: the workload sees whole ticks, mostly none.
TEST_F(ExercisedTest, AClockThatStandsStillProvesNothing) {
    boot(4).agent_call_ns.assign(20, 0);
    expect_failing({"clocks_agree"});
    EXPECT_NE(check("clocks_agree").reason.find("clocksource="), std::string::npos);
    boot(4).agent_call_ns.assign(20, 80'000'000); // perf has 32 ms
    expect_failing({"clocks_agree"});
    spec_.workload.name = "exit"; // its own clock does not time the same call
    for (const auto& one : checks())
        EXPECT_NE(one.id, "clocks_agree");
}

TEST_F(ExercisedTest, OtherTasksFailuresAreToldApart) {
    spec_.faults[0].task_filter = false;
    boot(1).exercised.injections = boot(1).exercised.failed_allocations = 95;
    boot(1).injections_by_site = {{"tlb_remove_table", 95}};
    expect_failing({"faults_reconcile"});
    EXPECT_NE(check("faults_reconcile").reason.find("allocations failed outside the workload"),
              std::string::npos);
}

TEST_F(ExercisedTest, WarmUpBootsAreProvenAsAllOthers) {
    spec_.guest.warmup_boots = 1;
    spec_.guest.boots = 7;
    for (auto& sample : samples_)
        sample.run_clock = "wall";
    expect_failing({});
    boot(0).exercised.marker_hits = 0;
    expect_failing({"witness_hits"});
    for (auto& sample : samples_) // the virtual clock has no warm-up boots: 7 boots are planned
        sample.run_clock = "virtual";
    EXPECT_EQ(check("boots").found, "boot 7 was not planned");
}

TEST_F(ExercisedTest, EveryPlannedBootOnce) {
    samples_.pop_back();
    expect_failing({"boots"});
    EXPECT_EQ(check("boots").found, "7 of 8 boots");
    samples_ = make_samples(spec_);
    boot(3).id.index = 2;
    EXPECT_EQ(check("boots").found, "boot 2 is there twice");
    boot(3).id.index = 8;
    EXPECT_EQ(check("boots").found, "boot 8 was not planned");
}

TEST_F(ExercisedTest, PlatformMayNotChange) {
    boot(4).accelerator = "kvm";
    expect_failing({"platform"});
    EXPECT_EQ(check("platform").found,
              "boot 4: virtual clock, kvm, want virtual clock, tcg as in the run's first boot");
    samples_ = make_samples(spec_);
    boot(4).kernel_version = "#2 SMP";
    EXPECT_EQ(check("platform").found,
              "boot 4: kernel 6.12.117 #2 SMP, want 6.12.117 #1 SMP as in boot 0");
    // A clock other than the baseline's is not comparable, even if the arm agrees with itself.
    samples_ = make_samples(spec_);
    for (auto& sample : samples_)
        if (sample.id.arm == "reviewed") sample.run_clock = "wall";
    expect_failing({"platform"});
}

// One error in one boot, the checks that must notice it, and the text of the first one.
struct Slip {
    const char* name;
    std::function<void(Sample&)> change;
    std::vector<std::string> failing;
    const char* found;
    const char* reason;
};
class SlipTest : public ExercisedTest, public ::testing::WithParamInterface<Slip> {};

TEST_P(SlipTest, IsNoticedInTheBootItHappens) {
    GetParam().change(boot(5));
    expect_failing(GetParam().failing);
    expect_failing({}, 0);
    const auto& first = check(GetParam().failing.front());
    EXPECT_EQ(first.found, GetParam().found);
    EXPECT_NE(first.reason.find(GetParam().reason), std::string::npos) << first.reason;
}

INSTANTIATE_TEST_SUITE_P(
    Exercised, SlipTest,
    ::testing::Values(
        Slip{"nothing_failed",
             [](Sample& s) {
                 s.exercised.injections = s.exercised.failed_allocations = s.exercised.target_hits =
                     0;
                 s.exercised.marker_hits = s.exercised.timed_injections =
                     s.exercised.timed_target_hits = 0;
                 s.injections_by_site.clear();
             },
             {"injections", "target_hits", "witness_hits", "witness_within", "timed_pass"},
             "boot 5: 0 injections, want > 0",
             "the stack filter's range is not tlb_remove_table()"},
        Slip{"target_missed",
             [](Sample& s) { s.exercised.target_hits = 0; },
             {"faults_reconcile", "target_hits", "witness_within"},
             "boot 5: 80 injections, 80 failed allocations, 0 target hits, want all equal",
             "tlb_next_batch()"},
        Slip{"next_batch_failed_too",
             [](Sample& s) {
                 s.exercised.injections = s.exercised.failed_allocations = 90;
                 s.injections_by_site["tlb_next_batch"] = 10;
             },
             {"faults_reconcile", "failure_sites"},
             "boot 5: 90 injections, 90 failed allocations, 80 target hits, want all equal",
             "tlb_next_batch()"},
        Slip{"memory_ran_out",
             [](Sample& s) { s.exercised.target_hits = 83; },
             {"faults_reconcile", "witness_hits", "witness_within"},
             "boot 5: 80 injections, 80 failed allocations, 83 target hits, want all equal",
             "guest.memory_mib"},
        Slip{"probe_missed_failures",
             [](Sample& s) { s.exercised.failed_allocations = 79; },
             {"faults_reconcile"},
             "boot 5: 80 injections, 79 failed allocations, 80 target hits, want all equal",
             "disagree"},
        Slip{"other_site",
             [](Sample& s) {
                 s.injections_by_site = {{"tlb_next_batch", 80}};
             },
             {"failure_sites"},
             "boot 5: 80 in tlb_next_batch(), want only tlb_remove_table()",
             "let another call site fail"},
        Slip{"no_callchains",
             [](Sample& s) { s.injections_by_site.clear(); },
             {"failure_sites"},
             "boot 5: 0 failures have a callchain, want all 80 injections",
             "FRAME_POINTER"},
        Slip{"witness_silent",
             [](Sample& s) { s.exercised.marker_hits = 0; },
             {"witness_hits"},
             "boot 5: 0 hits, want one for each of the target's 80",
             "another branch"},
        Slip{"witness_beside_the_target",
             [](Sample& s) { s.exercised.marked_hits = 20; },
             {"witness_within"},
             "boot 5: in 20 of the target's 80 runs, want all",
             "as often as the target, but not by it"},
        Slip{"ipi_queued_not_handled",
             [](Sample& s) { s.counts["sync_ipis"] = s.exercised.recorded_sync = 3; },
             {"sync_reconciles"},
             "boot 5: 3 counted, 3 recorded, 0 handled, want all equal",
             "missed some"},
        Slip{"sync_not_counted",
             [](Sample& s) { s.counts.erase("sync_ipis"); },
             {"sync_reconciles"},
             "boot 5: sync IPIs were not counted",
             "missed some"},
        Slip{"lost",
             [](Sample& s) { s.exercised.lost_events = 7; },
             {"no_lost_events"},
             "boot 5: 7 lost, want 0",
             "workload.pace_us"},
        Slip{"probe_elsewhere",
             [](Sample& s) { s.exercised.probe_addresses_match = false; },
             {"probe_addresses"},
             "boot 5: the addresses differ, want the same",
             "nokaslr"},
        Slip{"short_workload",
             [](Sample& s) { s.exercised.calls = 19; },
             {"workload_complete"},
             "boot 5: 19 calls and 80 tables, want 20 and 80",
             "ended early"},
        Slip{"tables_not_freed",
             [](Sample& s) { s.exercised.work_done = 20; },
             {"workload_complete"},
             "boot 5: 20 calls and 20 tables, want 20 and 80",
             "whole page tables"},
        Slip{"timed_pass_unarmed",
             [](Sample& s) { s.exercised.timed_injections = s.exercised.timed_target_hits = 0; },
             {"timed_pass"},
             "boot 5: 0 injections and 0 target hits, want equal and > 0",
             "not armed again"},
        Slip{"timed_return_missed",
             [](Sample& s) { s.exercised.timed_target_hits = 79; },
             {"timed_pass"},
             "boot 5: 80 injections and 79 target hits, want equal and > 0",
             "maxactive"},
        Slip{"timed_pass_idle",
             [](Sample& s) { s.exercised.timed_target_hits = s.exercised.timed_injections = 71; },
             {"timed_pass"},
             "boot 5: 71 target hits, want at least nine tenths of the count pass's 80",
             "kretprobe's maxactive"},
        Slip{"one_cpu",
             [](Sample& s) { s.cpus_online = 1; },
             {"cpus_online"},
             "boot 5: 1 online, want 4",
             "nobody to send an IPI to"}),
    [](const auto& slip) { return slip.param.name; });

// Faults off, and both arms call the same function in the same way, as in
// configs/retained-collapse.toml.
class SamePathTest : public ExercisedTest {
 protected:
    void SetUp() override {
        spec_.workload.name = "collapse";
        spec_.faults[0].enabled = false;
        spec_.target.same_path = true;
        for (auto& arm : spec_.arms)
            arm.marker.clear();
        for (auto& s : samples_) {
            s.exercised.injections = s.exercised.failed_allocations = s.exercised.timed_injections =
                s.exercised.marker_hits = 0;
            s.exercised.target_hits = s.exercised.timed_target_hits = 80;
            s.counts["sync_ipis"] = s.exercised.recorded_sync = s.exercised.sync_handled = 240;
            s.injections_by_site.clear();
        }
    }
};

TEST_F(SamePathTest, TheHitsStandForAWitness) {
    expect_failing({}, 0);
    expect_failing({}, 1);
    EXPECT_EQ(check("hits_as_called").found, "80 in each of 8 boots");
    EXPECT_EQ(check("symbols").found, "tlb_remove_table_one, tlb_remove_table_smp_sync");
}

TEST_F(SamePathTest, MoreOrFewerHitsThanTheCallsExplainProveNothing) {
    boot(5).exercised.target_hits = 81;
    expect_failing({"hits_as_called"});
    EXPECT_EQ(check("hits_as_called").found, "boot 5: 81 hits, want 4 in each of 20 calls");
    boot(5).exercised.target_hits = 0;
    expect_failing({"target_hits", "hits_as_called"});
    EXPECT_NE(check("target_hits").reason.find("does not lead there"), std::string::npos);
    // No hits can be predicted for it, and the spec parser rejects it.
    spec_.workload.name = "command";
    expect_failing({"target_hits", "hits_as_called", "workload_complete"});
}

TEST_F(SamePathTest, WithoutFaultsALatencyPassThatMissedTheTargetSpeaksOfNone) {
    boot(5).exercised.timed_target_hits = 0;
    expect_failing({"timed_pass"});
    EXPECT_EQ(check("timed_pass").found, "boot 5: 0 target hits, want > 0");
    EXPECT_NE(check("timed_pass").reason.find("does not lead there"), std::string::npos);
}

TEST_F(SamePathTest, AnIpiThatIsNotSentIsTheVerdictsToFind) {
    boot(5).counts["sync_ipis"] = boot(5).exercised.recorded_sync = boot(5).exercised.sync_handled =
        0;
    expect_failing({});
    EXPECT_EQ(predicted_sync(boot(5)), 240u);
}

TEST_F(SamePathTest, TheArmsAreDifferentKernelsAllTheSame) {
    facts_.image_sha256 = baseline_.image_sha256;
    expect_failing({"image_differs"});
}

TEST_F(ExercisedTest, WhatABootMustHaveSeenIsAProof) {
    MetricSpec races;
    races.name = "races";
    races.at_least = 2;
    races.custom = CustomMetric{CustomMetric::Kind::Calls, "gup_fast_raced", "", "", false};
    spec_.metrics = {races};
    expect_failing({"at_least_races"}); // not in the samples at all
    EXPECT_EQ(check("at_least_races").found,
              "boot 0: no races in the sample, want at least 2 (8 of 8 boots fail)");
    for (auto& s : samples_)
        s.counts["metric:races"] = 2;
    expect_failing({});
    EXPECT_EQ(check("at_least_races").found, "2 in each of 8 boots");
    boot(5).counts["metric:races"] = 1;
    expect_failing({"at_least_races"});
    EXPECT_EQ(check("at_least_races").found, "boot 5: 1, want at least 2");
}

TEST_F(ExercisedTest, SaysHowManyBootsFailAndNamesTheFirst) {
    boot(6).exercised.lost_events = 1;
    boot(2).exercised.lost_events = 4;
    std::swap(boot(2), boot(6)); // the order in the file does not matter
    EXPECT_EQ(check("no_lost_events").found, "boot 2: 4 lost, want 0 (2 of 8 boots fail)");
}

TEST_F(ExercisedTest, ExplainsWhyNothingWasInjected) {
    boot(0).exercised.injections = 0;
    auto reason = [&] { return check("injections").reason; };
    EXPECT_NE(reason().find("make-it-fail"), std::string::npos);
    spec_.faults[0].interval = 100;
    EXPECT_EQ(reason(), "fault.interval = 100 is more than the 80 tables freed");
    spec_.kernel.prerequisites.clear();
    EXPECT_NE(reason().find("bypasses the table batch"), std::string::npos);
    facts_.config["FAULT_INJECTION_STACKTRACE_FILTER"] = "n";
    EXPECT_NE(reason().find("CONFIG_FAULT_INJECTION_STACKTRACE_FILTER=n"), std::string::npos);
    spec_.faults[0].times = 0;
    EXPECT_EQ(reason(), "fault.times = 0 allows no injection");
    spec_.faults[0].values["min-order"] = std::int64_t{1};
    EXPECT_NE(reason().find("fault.min-order = 1"), std::string::npos);
}

// Data from real guests, see testdata/README.md.
Sample captured_sample(const Spec& spec, const std::string& folder) {
    auto symbols = SymbolTable::parse(
        "ffffffff810e3eb0 T smp_call_function\nffffffff8116e390 t tlb_remove_table_smp_sync\n"
        "ffffffff8116e420 t tlb_remove_table_one\nffffffff8116e8d0 T tlb_remove_table\n"
        "ffffffff8116eaf0 T tlb_flush_mmu\n",
        "System.map");
    auto sample = collect(testing::captured_boot(folder),
                          make_plan(spec, spec.arms[0], *symbols, {}).value(), spec)
                      .value();
    sample.id = {"ipi", 0, 1, 0};
    sample.run_clock = "virtual";
    sample.accelerator = "tcg";
    return sample;
}

TEST_F(ExercisedTest, ARealBootProvesItself) {
    spec_ = make_spec(1);
    spec_.workload.iterations = 3;
    samples_ = {captured_sample(spec_, "6.12-ipi")};
    expect_failing({}, 0);
    EXPECT_TRUE(
        clock_warnings({spec_, spec_.arms[0], baseline_, baseline_, samples_, replays_}).empty());
    spec_.faults[0].stack_filter = false;
    samples_ = {captured_sample(spec_, "6.12-ipi-no-stack-filter")};
    expect_failing({"faults_reconcile", "failure_sites", "timed_pass"}, 0);
}

TEST_F(ExercisedTest, TheNegativeControlIsRecognised) {
    spec_.faults[0].stack_filter = false;
    boot(0).exercised.injections = boot(0).exercised.failed_allocations = 120;
    boot(0).injections_by_site["tlb_next_batch"] = 40;
    expect_failing({"faults_reconcile", "failure_sites"});
    EXPECT_NE(check("faults_reconcile").reason.find("stack_filter = false"), std::string::npos);
}

TEST_F(ExercisedTest, WithoutFaultsTheTargetMustStillRun) {
    spec_.faults[0].enabled = false;
    expect_failing({"no_injections"}); // the samples hold 80
    for (auto& s : samples_) {
        s.exercised.injections = s.exercised.failed_allocations = s.exercised.timed_injections = 0;
        s.injections_by_site.clear();
    }
    expect_failing({});
    boot(1).exercised.target_hits = boot(1).exercised.marked_hits = 0;
    expect_failing({"target_hits"});
}

TEST_F(ExercisedTest, ClocksMayDifferByTheTolerance) {
    auto warnings = [&] {
        return clock_warnings({spec_, spec_.arms[0], baseline_, baseline_, samples_, replays_});
    };
    auto set = [&](unsigned index, std::uint64_t perf, std::uint64_t agent) {
        samples_[2 * index].call_latency_ns.assign(20, perf);
        samples_[2 * index].agent_call_ns.assign(20, agent);
    };
    EXPECT_TRUE(warnings().empty());
    set(2, 43'000, 68'000); // 25 us
    EXPECT_TRUE(warnings().empty());
    set(2, 43'000, 70'000);
    set(5, 43'000, 10'000);
    ASSERT_EQ(warnings().size(), 1u);
    EXPECT_EQ(
        warnings()[0],
        "ipi: the clocks disagree on the median munmap in 2 of 8 boots; boot 2: 70.0 us by the "
        "workload's clock, 43.0 us by perf, tolerance 25.0 us");
    set(2, 30'000'000, 32'900'000); // 10 % of a long call
    set(5, 30'000'000, 30'000'000);
    EXPECT_TRUE(warnings().empty());
}

} // namespace
} // namespace rig
