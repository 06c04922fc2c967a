// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/metric.h"

#include "rig/plan/count_keys.h"
#include "rig/testing/run_fixture.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

double value(const std::string& metric, const Sample& sample) {
    auto result = metric_value(metric, sample, make_spec().target);
    EXPECT_TRUE(result) << metric;
    return result.value_or(-1);
}

TEST(Metric, EveryNameOfASpecIsKnown) {
    const auto infos = metric_infos();
    auto whole = make_sample("ipi", 0, false);
    whole.bystander_user_work = {1000};
    whole.bystander_user_window_ns = {1'000'000};
    whole.bystander_user_gap_ns = {5};
    whole.caller_bystander_wakeup_ns = {5};
    for (const auto& name : metric_names()) {
        const auto info =
            std::find_if(infos.begin(), infos.end(), [&](const auto& i) { return i.name == name; });
        ASSERT_TRUE(info != infos.end()) << name;
        EXPECT_TRUE(metric_value(name, whole, TargetSpec{})) << name;
        // What most experiments do not measure is missing, not 0.
        EXPECT_EQ(metric_value(name, make_sample("ipi", 0, false), TargetSpec{}).has_value(),
                  !info->rare)
            << name;
    }
}

TEST(Metric, TheBystandersFigureIsWhatARealTimeTaskHasToLiveWith) {
    Sample s;
    s.bystander_user_work = {1000, 500};
    s.bystander_user_window_ns = {500'000'000, 500'000'000};
    s.bystander_user_gap_ns = {30, 70};
    s.caller_bystander_wakeup_ns = {10, 10, 10, 50};
    EXPECT_EQ(value("bystander_user_work", s), 3000); // per second
    EXPECT_EQ(value("bystander_user_gap", s), 70);
    EXPECT_EQ(value("caller_bystander_wakeup", s), 20);
    EXPECT_EQ(value("caller_bystander_worst", s), 50);
}

TEST(Metric, CountsComeFromTheSample) {
    auto s = make_sample("ipi", 3, false);
    EXPECT_EQ(value("injections", s), 80);
    EXPECT_EQ(value("sync_ipis", s), 240);
    EXPECT_EQ(value("predicted_sync", s), 240);
    EXPECT_EQ(value("total_ipis", s), 80 + 4 + 213 + 240);
    EXPECT_EQ(value("other_ipis", s), 80 + 4 + 213);
    EXPECT_EQ(value("tlb_flushes", s), 100);
    EXPECT_EQ(value("call_function_vectors", s), 400 + 157);
    EXPECT_EQ(value("bystander_interrupts", s), 3 * 110 + 3 * 40 + 3); // CPU 0 is the workload's
    s.cpus_online = 1;
    EXPECT_EQ(value("predicted_sync", s), 0);
    s.cpus_online = 0;
    EXPECT_EQ(value("predicted_sync", s), 0);
}

TEST(Metric, WithoutFaultsTheTargetItselfPredicts) {
    auto s = make_sample("ipi", 0, false);
    s.exercised.target_hits = 20;
    EXPECT_EQ(value("predicted_sync", s),
              // With faults on, the injections count; a validity check compares the hits with them.
              240);
    s.exercised.injections = s.exercised.failed_allocations = s.exercised.timed_injections = 0;
    EXPECT_EQ(value("predicted_sync", s), 60);
}

TEST(Metric, LatenciesAreOneNumberPerBoot) {
    Sample s;
    s.target_latency_ns = {5, 1, 100};
    s.call_latency_ns = {1, 2};
    s.bystander_wakeup_ns = {10, 10, 10, 50};
    s.bystander_work_time_ns = {7};
    EXPECT_EQ(value("target_latency", s), 5);
    EXPECT_EQ(value("call_latency", s), 1.5);
    EXPECT_EQ(value("bystander_wakeup", s), 20); // a disturbed minority moves the mean
    EXPECT_EQ(value("bystander_work_time", s), 7);
    EXPECT_EQ(metric_values("target_latency", s), &s.target_latency_ns);
    EXPECT_EQ(metric_values("sync_ipis", s), nullptr);
}

TEST(Metric, WhatTheSampleDoesNotHoldIsNotZero) {
    for (const auto& info : metric_infos()) {
        if (info.name == "injections" || info.name == "predicted_sync") continue; // always present
        EXPECT_FALSE(metric_value(info.name, Sample{}, TargetSpec{})) << info.name;
    }
    EXPECT_FALSE(metric_value("no_such_metric", make_sample("ipi", 0, false), TargetSpec{}));
    auto s = make_sample("ipi", 0, false);
    s.counts.erase("call_function_single_vectors");
    EXPECT_FALSE(metric_value("call_function_vectors", s, TargetSpec{}));
    s.counts_per_cpu["call_function_vectors"] = {3};
    EXPECT_FALSE(metric_value("bystander_interrupts", s, TargetSpec{}));
}

TEST(Metric, AnExperimentsOwnMetricsAreShownAndRead) {
    using Kind = CustomMetric::Kind;
    const std::vector<MetricSpec> metrics = {
        {"work_items",
         ExpectKind::Report,
         {},
         0,
         0,
         CustomMetric{Kind::Event, "workqueue:workqueue_queue_work", "", "work items", false}},
        {"refresh",
         ExpectKind::Report,
         {},
         0,
         0,
         CustomMetric{Kind::Latency, "vmstat_refresh", "", "", false}},
        {"rt_wakeup",
         ExpectKind::Report,
         {},
         0,
         0,
         CustomMetric{Kind::Histogram, "cyclictest", "", "", false}},
        {"sync_ipis", ExpectKind::Report, {}, 0, 0},
    };
    const auto infos = metric_infos(metrics);
    ASSERT_EQ(infos.size(), metric_infos().size() + 3); // a known metric is not shown twice
    const auto* own = &infos[metric_infos().size()];
    EXPECT_EQ(own[0].label, "work items");
    EXPECT_EQ(own[0].unit, Unit::Count);
    EXPECT_EQ(own[1].label, "refresh");
    EXPECT_EQ(own[1].per_boot, "median");
    EXPECT_EQ(own[2].per_boot, "mean");
    Sample s;
    EXPECT_FALSE(metric_value("work_items", s, TargetSpec{}));
    s.counts[custom_count_key("work_items")] = 7;
    s.latencies_ns["refresh"] = {1, 2, 30};
    s.background_ns["rt_wakeup"] = {1, 2, 30};
    EXPECT_EQ(value("work_items", s), 7);
    EXPECT_EQ(value("refresh", s), 2);
    EXPECT_EQ(value("rt_wakeup", s), 11);
    // It is timed but was never called: that is no zero.
    s.latencies_ns["refresh"].clear();
    EXPECT_FALSE(metric_value("refresh", s, TargetSpec{}));
    s.counts["csd_total"] = 5; // rig's own counters are no metrics
    EXPECT_FALSE(metric_value("csd_total", s, TargetSpec{}));
}

TEST(Metric, NoIpiAtAllIsAZeroOnlyIfTheCounterAgrees) {
    auto s = make_sample("reviewed", 0, true);
    s.ipis_by_function.clear();
    EXPECT_FALSE(metric_value("total_ipis", s, TargetSpec{}));
    EXPECT_FALSE(metric_value("other_ipis", s, TargetSpec{}));
    s.counts["csd_total"] = 0;
    EXPECT_EQ(value("total_ipis", s), 0);
    EXPECT_EQ(value("other_ipis", s), 0);
}

TEST(Metric, WhatAnExperimentDefinesIsSaid) {
    using Kind = CustomMetric::Kind;
    EXPECT_EQ(definition({Kind::Event, "csd:csd_queue_cpu", "cpu != 0", "", false, 2u}),
              "csd:csd_queue_cpu where cpu != 0, all tasks, on CPU 2");
    EXPECT_EQ(definition({Kind::Calls, "schedule", "", "", true, {}}),
              "calls of schedule(), the workload's tasks");
    EXPECT_EQ(definition({Kind::Latency, "vm_mmap", "", "", false, {}}),
              "vm_mmap() from entry to return, whether or not the target runs within it, the "
              "workload's tasks");
    EXPECT_EQ(definition({Kind::Counter, "races", "", "", false, {}}),
              "the workload's counter races");
    EXPECT_EQ(definition({Kind::Histogram, "cyclictest", "", "", false, {}}),
              "what cyclictest prints, mean of its values");
}

} // namespace
} // namespace rig
