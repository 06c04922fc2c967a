// SPDX-License-Identifier: GPL-2.0-or-later
// Verdicts on rates, of which more is better, and on what workload.check found.
#include "rig/analysis/bound_tests.h"
#include "rig/analysis/compare.h"
#include "rig/testing/run_fixture.h"

#include <functional>
#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

MetricSpec rate(ExpectKind kind, double bound = 0) {
    MetricSpec metric;
    metric.name = "throughput";
    metric.kind = kind;
    (kind == ExpectKind::Rises ? metric.ratio : metric.within) = bound;
    metric.custom = CustomMetric{CustomMetric::Kind::Counter, kIterationsCounter, "", "", false};
    metric.custom->per_second = true;
    return metric;
}

class Rates : public ::testing::Test {
 protected:
    // Sets the iterations per second of the patched arm; the baseline has 1000 in every boot.
    void set(const std::vector<std::uint64_t>& per_second) {
        spec_.guest.boots = static_cast<unsigned>(per_second.size());
        samples_ = make_samples(spec_);
        for (auto& sample : samples_) {
            sample.counts[kRateWindowKey] = 500'000'000; // half a second
            sample.counts[rate_key("throughput")] =
                (sample.id.arm == "ipi" ? 1000 : per_second[sample.id.index]) / 2;
        }
    }
    Comparison run(bool shared_cpus = false, const std::vector<Sample>* every_boot = nullptr) {
        std::vector<ArmChecks> checks;
        for (const auto& arm : spec_.arms)
            checks.push_back({arm.name, {{"injections", "", true, "", ""}}});
        return compare(spec_, samples_, std::move(checks), every_boot, shared_cpus);
    }
    ArmMetric judged(const MetricSpec& expect, const std::vector<std::uint64_t>& per_second) {
        spec_.metrics = {expect};
        set(per_second);
        return run().find("throughput")->arms.at(1);
    }
    static std::vector<std::uint64_t> all(std::uint64_t value) {
        return std::vector<std::uint64_t>(8, value);
    }

    Spec spec_ = make_spec();
    std::vector<Sample> samples_;
};

TEST_F(Rates, AreCountsDividedByTheGuestTimeOfTheirWindow) {
    const auto arm = judged(rate(ExpectKind::Report), all(1200));
    EXPECT_EQ(arm.spread->median, 1200);
    EXPECT_EQ(arm.verdict, Verdict::NotJudged);
    samples_[0].counts[kRateWindowKey] = 0; // a window without time has no rate
    EXPECT_FALSE(metric_value("throughput", samples_[0], spec_.target));
    EXPECT_TRUE(higher_is_better(metric_infos(spec_.metrics).back().unit));
    EXPECT_EQ(unit_named(unit_name(Unit::PerSecond)), Unit::PerSecond);
}

TEST_F(Rates, RisesIsKeptByRisingAlone) {
    const auto rises = rate(ExpectKind::Rises);
    const auto better = judged(rises, {1002, 1010, 1020, 1030, 1040, 1050, 1060, 1070});
    EXPECT_EQ(better.verdict, Verdict::Improved);
    EXPECT_EQ(better.declared, "rises");
    const auto worse = judged(rises, {900, 910, 920, 930, 940, 950, 960, 998});
    EXPECT_EQ(worse.verdict, Verdict::Regressed);
    EXPECT_EQ(worse.why, "interval to ×0.998, want above ×1");
    const auto same = judged(rises, all(1000));
    EXPECT_EQ(same.verdict, Verdict::Broken);
    EXPECT_EQ(same.why, "it did not rise: the same in every boot");
    const auto unclear = judged(rises, {900, 900, 900, 1000, 1000, 1100, 1100, 1100});
    EXPECT_EQ(unclear.verdict, Verdict::Undecided);
    EXPECT_NE(unclear.why.find("straddles ×1"), std::string::npos) << unclear.why;
}

TEST_F(Rates, ADeclaredLeastRiseMustBeReached) {
    const auto by_a_fifth = rate(ExpectKind::Rises, 1.2);
    EXPECT_EQ(judged(by_a_fifth, all(1200)).verdict, Verdict::Improved) << "the bound itself";
    EXPECT_EQ(judged(by_a_fifth, all(1300)).declared, "rises to at least ×1.2");
    const auto little = judged(by_a_fifth, all(1100));
    EXPECT_EQ(little.verdict, Verdict::Broken);
    EXPECT_EQ(little.why, "interval to ×1.1, want at least ×1.2");
    EXPECT_EQ(judged(by_a_fifth, all(900)).verdict, Verdict::Regressed);
}

TEST_F(Rates, NotWorseAndUnchangedLookAtTheOtherSide) {
    const auto not_worse = rate(ExpectKind::NotWorse, 0.1);
    EXPECT_EQ(judged(not_worse, all(2000)).verdict, Verdict::Improved);
    EXPECT_EQ(judged(not_worse, all(900)).verdict, Verdict::WithinBound);
    const auto worse = judged(not_worse, all(800));
    EXPECT_EQ(worse.verdict, Verdict::Regressed);
    EXPECT_EQ(worse.why, "interval to ×0.8, want at least ×0.9");
    EXPECT_EQ(judged(not_worse, {800, 800, 800, 950, 1000, 1000, 1000, 1000}).verdict,
              Verdict::Undecided);
    const auto unchanged = rate(ExpectKind::Unchanged, 0.1);
    EXPECT_EQ(judged(unchanged, all(1000)).verdict, Verdict::Unchanged);
    EXPECT_EQ(judged(unchanged, all(800)).verdict, Verdict::Regressed);
    const auto rose = judged(unchanged, all(1300));
    EXPECT_EQ(rose.verdict, Verdict::Broken);
    EXPECT_EQ(rose.why, "it rose: interval from ×1.3, want at most ×1.1");
}

// A rate is a count over a time: what hides a difference of latencies hides one of rates.
TEST_F(Rates, BootsThatSharedCpusDecideNoRate) {
    spec_.metrics = {rate(ExpectKind::Rises)};
    set(all(1500));
    EXPECT_EQ(run().find("throughput")->arms[1].verdict, Verdict::Improved);
    const auto shared = run(true);
    EXPECT_EQ(shared.find("throughput")->arms[1].verdict, Verdict::Undecided);
    EXPECT_NE(shared.exit, Exit::Pass);
}

// A bound of a rate may be met by an estimate that is far on the good side, never doubtful.
TEST_F(Rates, DoubtAndPowerKnowTheDirection) {
    const auto up =
        judged(rate(ExpectKind::Rises), {1000, 1000, 1200, 1200, 1200, 1200, 1200, 900});
    EXPECT_EQ(up.verdict, Verdict::Undecided);
    EXPECT_FALSE(doubtful(up));
    EXPECT_NE(up.why.find("boots per arm like these"), std::string::npos) << up.why;
    const auto down = judged(rate(ExpectKind::Rises), {1000, 1000, 800, 800, 800, 800, 800, 1100});
    EXPECT_EQ(down.verdict, Verdict::Undecided);
    EXPECT_TRUE(doubtful(down));
}

class FailedOperations : public Rates {
 protected:
    void SetUp() override {
        spec_.workload.check = {"/bin/busybox", "true"};
        spec_.metrics = {rate(ExpectKind::Rises)};
        set(all(1500));
        for (auto& sample : samples_)
            sample.counts[kFailedChecks] = 0;
    }
};

TEST_F(FailedOperations, AnOperationThatWorksChangesNothing) {
    const auto result = run();
    EXPECT_EQ(result.exit, Exit::Pass);
    EXPECT_EQ(result.find("throughput")->arms[1].verdict, Verdict::Improved);
    EXPECT_EQ(result.find(kFailedChecks)->arms[1].verdict, Verdict::AsDeclared);
    EXPECT_EQ(result.unseen, 2u) << "nothing shows that the check can fail";
}

// In the patched arm alone it is worse, and what the operation takes then is no improvement.
TEST_F(FailedOperations, AFailureInThePatchedArmIsWorseAndClearsNothing) {
    samples_[2 * 5 + 1].counts[kFailedChecks] = 2; // boot 5
    const auto result = run();
    EXPECT_EQ(result.exit, Exit::Fail);
    EXPECT_EQ(result.closing.substr(0, 4), "FAIL");
    const auto& failed = result.find(kFailedChecks)->arms[1];
    EXPECT_EQ(failed.verdict, Verdict::Broken);
    EXPECT_EQ(failed.why, "the operation did not do its work: boot 5: 2, want 0");
    const auto& rose = result.find("throughput")->arms[1];
    EXPECT_EQ(rose.verdict, Verdict::Undecided);
    EXPECT_NE(rose.why.find("workload.check: "), std::string::npos);
}

TEST_F(FailedOperations, AFailureInAWarmUpBootCounts) {
    auto every = samples_;
    every.push_back(samples_[1]);
    every.back().counts[kFailedChecks] = 1;
    EXPECT_EQ(run(false, &every).exit, Exit::Fail);
    EXPECT_EQ(run(false, &samples_).exit, Exit::Pass);
}

// Samples without the count: nothing was checked.
TEST_F(FailedOperations, WhatWasNotCheckedIsInconclusive) {
    samples_[3].counts.erase(kFailedChecks);
    EXPECT_EQ(run().exit, Exit::Inconclusive);
}

} // namespace
} // namespace rig
