// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/sweeps.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

RunRecord run_of(const std::string& id, unsigned vcpus, std::vector<std::string> overrides,
                 double median) {
    RunRecord run;
    run.id = run.started = id;
    run.state = "ended";
    run.experiment = "alloc";
    run.clock = "virtual";
    run.accelerator = "tcg";
    run.vcpus = vcpus;
    run.overrides = std::move(overrides);
    run.arms.resize(1);
    run.arms[0].arm = "ipi";
    run.arms[0].image_sha256 = "abc";
    for (const char* name : {"sync_ipis", "tlb_flushes"}) {
        MetricRecord metric;
        metric.metric = name;
        metric.arm = "ipi";
        metric.minimum = median - 1, metric.median = median, metric.maximum = median + 1;
        run.metrics.push_back(metric);
    }
    return run;
}

// sync_ipis is declared, tlb_flushes is not.
std::vector<MetricResult> metrics() {
    std::vector<MetricResult> all(2);
    all[0].info = {"sync_ipis", "sync IPIs", Unit::Count, ""};
    all[0].arms.resize(1);
    all[0].arms[0].declared = "exactly as predicted";
    all[1].info = {"tlb_flushes", "TLB flushes", Unit::Count, ""};
    all[1].arms.resize(1);
    return all;
}

std::string text_of(const std::vector<Plot>& plots) {
    std::string text;
    for (const auto& plot : plots) {
        text += plot.label + " over " + plot.key + ":";
        for (const auto& row : plot.rows)
            text += " " + row.x + "=" + std::to_string(static_cast<int>(row.spread.median));
        text += "\n";
    }
    return text;
}

TEST(Sweeps, OverVcpusAndOverANumberThatIsSet) {
    const auto run = run_of("5", 4, {"fault.times=20"}, 240);
    const std::vector<RunRecord> others{
        run_of("1", 2, {"fault.times=20"}, 80), run_of("2", 16, {"fault.times=20"}, 1200),
        run_of("3", 16, {"fault.times=20"}, 1201), run_of("4", 4, {"fault.times=5"}, 60), run};
    EXPECT_EQ(text_of(sweeps_of(run, others, metrics())),
              "sync IPIs over fault.times: 5=60 20=240\nsync IPIs over guest.vcpus: 2=80 4=240 "
              "16=1201\n");
}

TEST(Sweeps, WhatDiffersInMoreThanOneThingIsNotInOneCurve) {
    const auto run = run_of("5", 4, {"fault.times=20"}, 240);
    auto two = run_of("1", 2, {"fault.times=5"}, 1),
         text = run_of("2", 2, {"fault.times=20", "workload.name=exit"}, 1),
         unset = run_of("3", 4, {}, 1), kernel = run_of("4", 2, {"fault.times=20"}, 1),
         clock = run_of("6", 2, {"fault.times=20"}, 1),
         unproven = run_of("9", 2, {"fault.times=20"}, 1),
         boot = run_of("10", 2, {"fault.times=20"}, 1),
         empty = run_of("11", 2, {"fault.times=20"}, 1),
         running = run_of("7", 2, {"fault.times=20"}, 1),
         experiment = run_of("8", 2, {"fault.times=20"}, 1);
    kernel.arms[0].image_sha256 = "def";
    clock.clock = "wall";
    unproven.arms[0].checks_failed = 1;
    boot.host_boot = "another";
    empty.metrics.clear();
    running.state = "running";
    experiment.experiment = "exit";
    auto vacuous = run;
    vacuous.arms[0].checks_failed = 1;
    EXPECT_EQ(text_of(sweeps_of(vacuous, {run_of("1", 2, {"fault.times=20"}, 80)}, metrics())), "")
        << "a run that proved nothing is no point of a curve";
    EXPECT_EQ(
        text_of(sweeps_of(
            run, {two, text, unset, kernel, clock, unproven, boot, empty, running, experiment, run},
            metrics())),
        "");
}

} // namespace
} // namespace rig
