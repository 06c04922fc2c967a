// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/run_failures.h"

#include "rig/guest_output/splat.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

MetricRecord metric_of(const char* metric, const char* arm, const char* verdict) {
    MetricRecord out;
    out.metric = metric, out.arm = arm, out.verdict = verdict;
    return out;
}
RunRecord run_of(Exit exit) {
    RunRecord run;
    run.state = "ended", run.exit = static_cast<unsigned>(exit);
    run.arms.resize(1);
    return run;
}

TEST(RunFailures, AreMetricsByArmAndSplatsByTitle) {
    auto run = run_of(Exit::Fail);
    run.metrics = {
        metric_of("sync_ipis", "reviewed", "broken"), metric_of("sync_ipis", "ipi", "regressed"),
        metric_of("latency", "ipi", "undecided"), metric_of("latency", "reviewed", "within bound"),
        metric_of("burst", "reviewed", "no expectation")};
    run.splats = {{"ipi", "warning", "WARNING: x", "f", 1, 1, false, false},
                  {"ipi", "warning", "WARNING: declared", "f", 1, 1, true, false},
                  {"ipi", "warning", "WARNING: in its wake", "f", 1, 1, false, true},
                  {"ipi", name(SplatKind::OomKill), "Killed process", "", 1, 1, false, false}};
    EXPECT_EQ(failures_of(run), (std::vector<Failure>{{"splat: WARNING: x", {"ipi"}},
                                                      {"sync_ipis", {"ipi", "reviewed"}}}));
    // The figures of an arm that failed a validity check mean nothing, but the splats of its kernel
    // do.
    run.arms[0].checks_failed = 1;
    EXPECT_EQ(failures_of(run), (std::vector<Failure>{{"splat: WARNING: x", {"ipi"}}}));
    for (const auto exit : {Exit::Pass, Exit::Inconclusive}) {
        run.exit = static_cast<unsigned>(exit);
        EXPECT_TRUE(failures_of(run).empty());
    }
    run.exit.reset();
    EXPECT_TRUE(failures_of(run).empty());
}

TEST(RunFailures, ARunThatTheKernelEndedIsOneByHowItEnded) {
    auto run = run_of(Exit::Fail);
    EXPECT_EQ(failures_of(run),
              (std::vector<Failure>{// It failed, and the record does not name the expectation.
                                    {"run: broken", {}}}));
    run.state = "failed";
    EXPECT_EQ(failures_of(run), (std::vector<Failure>{{"run: no boot", {}}}));
    run.failure = "kernel: rcu-stall: the guest hung: no end within 60 s";
    EXPECT_EQ(failures_of(run), (std::vector<Failure>{{"run: rcu-stall", {}}}));
}

TEST(RunFailures, OnlyWhatTheyShareIsCommon) {
    const Failure both{"sync_ipis", {"ipi", "reviewed"}};
    EXPECT_EQ(common(both, {{"latency", {"ipi"}}, {"sync_ipis", {"reviewed", "third"}}}),
              (Failure{"sync_ipis", {"reviewed"}}));
    EXPECT_EQ(common(both, {{"sync_ipis", {"third"}}}), Failure{});
    EXPECT_EQ(common(both, {{"latency", {"ipi", "reviewed"}}}), Failure{});
    EXPECT_EQ(common(both, {}), Failure{});
    EXPECT_EQ(common({"run: panic", {}}, {{"run: panic", {}}}), (Failure{"run: panic", {}}));
    EXPECT_EQ(common({"run: panic", {}}, {{"run: no boot", {}}}), Failure{});
    EXPECT_EQ(without(both, {"ipi"}), (Failure{"sync_ipis", {"reviewed"}}));
    EXPECT_EQ(without(both, {"ipi", "reviewed"}), Failure{});
    EXPECT_EQ(without(both, {}), both);
}

TEST(RunFailures, HoldIsSeenAndNotTheLackOfAFailure) {
    const Failure failure{"sync_ipis", {"ipi", "reviewed"}};
    auto run = run_of(Exit::Fail); // it failed for another reason
    const auto with = [&](const char* verdict) {
        run.metrics = {metric_of("sync_ipis", "ipi", "as declared"),
                       metric_of("sync_ipis", "reviewed", verdict),
                       metric_of("latency", "ipi", "broken")};
        return holds(failure, run);
    };
    for (const char* verdict : {"as declared", "improved", "within bound", "unchanged"})
        EXPECT_TRUE(with(verdict)) << verdict;
    for (const char* verdict :
         {"regressed", "broken", "undecided", "inconclusive", "no expectation", ""})
        EXPECT_FALSE(with(verdict)) << verdict;
    // 0 in all arms: nothing shows that the metric can be seen.
    EXPECT_TRUE(with("as declared"));
    for (auto& metric : run.metrics)
        metric.maximum = 0;
    EXPECT_FALSE(holds(failure, run));
    run.metrics[0].maximum = 240;
    EXPECT_TRUE(holds(failure, run));
    run.metrics.pop_back();
    run.metrics.pop_back();
    EXPECT_FALSE(holds(failure, run)); // one of the arms is missing
    EXPECT_TRUE(with("as declared"));
    run.arms[0].checks_failed = 1;
    EXPECT_FALSE(holds(failure, run));
}

TEST(RunFailures, ASplatAndARunHoldWhenTheyDoNotComeBack) {
    const Failure splat{"splat: WARNING: x", {"ipi"}}, panic{"run: panic", {}}, any;
    auto run = run_of(Exit::Fail);
    run.splats = {{"ipi", "warning", "WARNING: x", "f", 1, 1, false, false}};
    EXPECT_FALSE(holds(splat, run));
    EXPECT_TRUE(holds(panic, run)); // it completed, with a splat
    EXPECT_FALSE(holds(any, run));
    run.splats[0].title = "WARNING: y";
    EXPECT_TRUE(holds(splat, run));
    run = run_of(Exit::Pass);
    for (const auto& one : {splat, panic, any})
        EXPECT_TRUE(holds(one, run)) << one.expectation;
    run = run_of(Exit::Inconclusive);
    EXPECT_FALSE(holds(panic, run));
    EXPECT_FALSE(holds(any, run));
    run.state = "failed", run.exit = static_cast<unsigned>(Exit::Fail),
    run.failure = "kernel: panic: x";
    for (const auto& one : {splat, panic, any})
        EXPECT_FALSE(holds(one, run)) << one.expectation;
}

} // namespace
} // namespace rig
