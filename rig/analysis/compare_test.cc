// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/compare.h"

#include "rig/testing/run_fixture.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

class VerdictTest : public ::testing::Test {
 protected:
    Comparison run() {
        std::vector<ArmChecks> checks;
        for (const auto& arm : spec_.arms)
            checks.push_back({arm.name, {{"injections", "", proven_, "", ""}}});
        return compare(spec_, samples_, std::move(checks));
    }
    const ArmMetric& arm(const std::string& metric, std::size_t index = 1) {
        last_ = run();
        return last_.find(metric)->arms.at(index);
    }
    // Sets the metric tlb_flushes, one value per boot.
    void set_flushes(const std::vector<std::uint64_t>& base,
                     const std::vector<std::uint64_t>& values) {
        ASSERT_EQ(base.size(), values.size());
        spec_.guest.boots = static_cast<unsigned>(base.size());
        samples_ = make_samples(spec_);
        for (auto& s : samples_)
            s.counts["tlb_flushes"] = s.id.arm == "ipi" ? base[s.id.index] : values[s.id.index];
    }
    void on_wall_clock() {
        for (auto& s : samples_)
            s.run_clock = "wall";
    }
    Sample& boot(unsigned index) { return samples_[2 * index + 1]; } // a boot of the patched arm

    Spec spec_ = make_spec();
    std::vector<Sample> samples_ = make_samples(spec_);
    bool proven_ = true;
    Comparison last_;
};

TEST_F(VerdictTest, ExactlyHoldsOnlyInEveryBoot) {
    spec_.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}})};
    EXPECT_EQ(arm("sync_ipis", 0).verdict, Verdict::AsDeclared);
    EXPECT_EQ(arm("sync_ipis", 1).verdict, Verdict::AsDeclared);
    EXPECT_EQ(last_.exit, Exit::Pass);
    EXPECT_EQ(last_.closing, "PASS: 2 hold");

    boot(3).counts["sync_ipis"] = 12;
    EXPECT_EQ(arm("sync_ipis", 1).verdict, Verdict::Broken);
    EXPECT_EQ(arm("sync_ipis", 1).why, "boot 3: 12, want 0");
    EXPECT_EQ(last_.exit, Exit::Fail);
    EXPECT_EQ(last_.closing, "FAIL: 1 failed (sync_ipis in reviewed), 1 hold");

    // An unexplained event is reported with its call site.
    boot(3).sync_callsites = {{"smp_call_function+0x2b", 9}, {"tlb_remove_table_sync_one+0x1c", 3}};
    EXPECT_EQ(
        arm("sync_ipis", 1).why,
        "boot 3: 12, want 0; 9 from smp_call_function+0x2b, 3 from tlb_remove_table_sync_one+0x1c");
    boot(3).sync_callsites.clear();

    boot(6).counts["sync_ipis"] = 3;
    EXPECT_EQ(arm("sync_ipis", 1).why, "boot 3: 12, want 0 (2 of 8 boots differ)");
}

// The same broadcast under another name is no improvement.
TEST_F(VerdictTest, ABroadcastUnderAnotherNameIsNotLess) {
    spec_.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}})};
    boot(3).ipis_by_function["quiet_ipi"] = 239;
    EXPECT_EQ(arm("sync_ipis").verdict, Verdict::AsDeclared)
        << "one less than a broadcast for each hit";
    boot(3).ipis_by_function["quiet_ipi"] = 240;
    EXPECT_EQ(arm("sync_ipis").verdict, Verdict::Undecided);
    EXPECT_EQ(arm("sync_ipis").why,
              "boot 3 sends 240 IPIs of quiet_ipi instead, which ipi never does");
    EXPECT_EQ(last_.exit, Exit::Inconclusive);
    samples_[0].ipis_by_function["quiet_ipi"] = 1; // in one boot of the baseline
    EXPECT_EQ(arm("sync_ipis").verdict, Verdict::AsDeclared);
}

TEST_F(VerdictTest, WindowsOfDifferentLengthHoldNoCount) {
    set_flushes(std::vector<std::uint64_t>(8, 100), std::vector<std::uint64_t>(8, 100));
    spec_.metrics = {not_worse("tlb_flushes", 0.01), not_worse("bystander_work_time", 0.05),
                     at_most("target_latency", 20000)};
    EXPECT_EQ(run().held, 3u);
    for (const auto& [pace, iterations] : {std::pair{0u, 20u}, {100000u, 4u}}) {
        spec_.workload.pace_us = pace, spec_.workload.iterations = iterations;
        EXPECT_EQ(arm("tlb_flushes").verdict, Verdict::Undecided);
        EXPECT_NE(arm("bystander_work_time").why.find("windows of different length"),
                  std::string::npos);
        EXPECT_EQ(arm("target_latency").verdict, Verdict::AsDeclared);
    }
}

// A filter that matches nothing is "not worse" than itself.
TEST_F(VerdictTest, ZeroAgainstZeroDoesNotHold) {
    set_flushes(std::vector<std::uint64_t>(8, 0), std::vector<std::uint64_t>(8, 0));
    for (const auto& expect : {not_worse("tlb_flushes", 0.01), at_most("tlb_flushes", 2)}) {
        spec_.metrics = {expect};
        EXPECT_EQ(run().exit, Exit::Inconclusive) << run().closing;
        EXPECT_EQ(run().unseen, 1u);
    }
}

// Calls that did not run the changed line keep any bound, so a held bound becomes undecided; a
// broken one stays broken.
TEST_F(VerdictTest, AMedianOverCallsThatMissedTheTargetHoldsNothing) {
    spec_.metrics = {at_most("call_latency", 1000),
                     exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}})};
    EXPECT_EQ(arm("call_latency").verdict, Verdict::AsDeclared);
    boot(3).exercised.exposed_calls = 10; // of 20 calls
    EXPECT_EQ(arm("call_latency").verdict, Verdict::Undecided);
    EXPECT_EQ(arm("call_latency").why, "in 1 of 8 boots at most half of the calls ran the target: "
                                       "the median over calls cannot show it");
    EXPECT_EQ(last_.closing, "PASS: 2 hold, 1 undecided (call_latency in reviewed)");
    spec_.metrics[0].ratio = 2;
    EXPECT_EQ(arm("call_latency").verdict, Verdict::Broken);
}

TEST_F(VerdictTest, AMedianHidesNothingThatAMinorityPays) {
    spec_.metrics = {at_most("target_latency", 1000)};
    EXPECT_EQ(arm("target_latency").verdict, Verdict::AsDeclared);
    for (unsigned i = 0; i < 8; ++i)
        for (unsigned k = 0; k < 32; ++k)
            boot(i).target_latency_ns[79 - k] = 1'000'000'000; // in two of five runs
    EXPECT_EQ(arm("target_latency").verdict, Verdict::Undecided);
    EXPECT_NE(arm("target_latency").why.find("beyond the bound of ×1000: few of them pay"),
              std::string::npos)
        << arm("target_latency").why;
    spec_.metrics[0].ratio = 100'000;
    EXPECT_EQ(arm("target_latency").verdict, Verdict::AsDeclared);
}

TEST_F(VerdictTest, PredictedFollowsEachBootsOwnInjections) {
    spec_.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}})};
    samples_[4].exercised.injections = 70; // boot 2 of the baseline: predicts 210
    EXPECT_EQ(arm("sync_ipis", 0).verdict, Verdict::Broken);
    EXPECT_EQ(arm("sync_ipis", 0).why, "boot 2: 240, want 210");
    samples_[4].counts["sync_ipis"] = 210;
    EXPECT_EQ(arm("sync_ipis", 0).verdict, Verdict::AsDeclared);
}

TEST_F(VerdictTest, ExactlyNeedsNoInterval) {
    spec_ = make_spec(1);
    spec_.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}})};
    samples_ = make_samples(spec_);
    EXPECT_EQ(run().closing, "PASS: 2 hold");
}

struct RatioCase {
    const char* name;
    MetricSpec expect;
    std::vector<std::uint64_t> values; // the baseline has 1000 in every boot
    Verdict verdict;
    Exit exit;
};
class RatioTest : public VerdictTest, public ::testing::WithParamInterface<RatioCase> {};

TEST_P(RatioTest, IsJudgedByTheWholeInterval) {
    const auto& c = GetParam();
    set_flushes(std::vector<std::uint64_t>(c.values.size(), 1000), c.values);
    spec_.metrics = {c.expect};
    for (bool wall : {false, true}) {
        if (wall) on_wall_clock();
        // Eight constant boots: the interval is [min, max] if paired, a little narrower if not; the
        // cases hold for both.
        const auto& judged = arm("tlb_flushes");
        EXPECT_EQ(judged.verdict, c.verdict) << (wall ? "wall " : "virtual ") << judged.why;
        EXPECT_EQ(last_.exit, c.exit);
        EXPECT_EQ(last_.paired, !wall);
        EXPECT_EQ(arm("tlb_flushes", 0).verdict, Verdict::NotJudged);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Verdict, RatioTest,
    ::testing::Values(RatioCase{"may_rise_within",
                                at_most("tlb_flushes", 2),
                                {1500, 1600, 1700, 1800, 1900, 2000, 1500, 1600},
                                Verdict::AsDeclared,
                                Exit::Pass},
                      RatioCase{"may_rise_at_the_bound",
                                at_most("tlb_flushes", 2),
                                {2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000},
                                Verdict::AsDeclared,
                                Exit::Pass},
                      RatioCase{"may_rise_beyond",
                                at_most("tlb_flushes", 2),
                                {2001, 2100, 2100, 2100, 2100, 2100, 2100, 2200},
                                Verdict::Broken,
                                Exit::Fail},
                      RatioCase{"may_rise_astride",
                                at_most("tlb_flushes", 2),
                                {1500, 1500, 1500, 1900, 2100, 2500, 2500, 2500},
                                Verdict::Undecided,
                                Exit::Inconclusive},
                      RatioCase{"not_worse_improved",
                                not_worse("tlb_flushes", 0.01),
                                {900, 910, 920, 930, 940, 950, 960, 999},
                                Verdict::Improved,
                                Exit::Pass},
                      RatioCase{"not_worse_within",
                                not_worse("tlb_flushes", 0.01),
                                {990, 990, 990, 995, 1000, 1010, 1010, 1010},
                                Verdict::WithinBound,
                                Exit::Pass},
                      RatioCase{"not_worse_identical",
                                not_worse("tlb_flushes", 0),
                                {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000},
                                Verdict::WithinBound,
                                Exit::Pass},
                      RatioCase{"worse_but_within",
                                not_worse("tlb_flushes", 0.05),
                                {1010, 1010, 1020, 1020, 1030, 1030, 1040, 1050},
                                Verdict::WithinBound,
                                Exit::Pass},
                      RatioCase{"not_worse_regressed",
                                not_worse("tlb_flushes", 0.01),
                                {1011, 1020, 1020, 1020, 1020, 1020, 1020, 1030},
                                Verdict::Regressed,
                                Exit::Fail},
                      RatioCase{"not_worse_astride",
                                not_worse("tlb_flushes", 0.01),
                                {900, 900, 900, 1000, 1005, 1100, 1100, 1100},
                                Verdict::Undecided,
                                Exit::Inconclusive},
                      RatioCase{"too_few_boots",
                                not_worse("tlb_flushes", 0.01),
                                {2000, 2000, 2000, 2000},
                                Verdict::Undecided,
                                Exit::Inconclusive}),
    [](const auto& one) { return one.param.name; });

TEST_F(VerdictTest, PairingSeesWhatVarianceAcrossSeedsHides) {
    // Every boot is 2 % worse than its partner, while seeds differ by a factor of 8.
    std::vector<std::uint64_t> base, values;
    for (unsigned i = 1; i <= 8; ++i) {
        base.push_back(1000 * i);
        values.push_back(1020 * i);
    }
    set_flushes(base, values);
    spec_.metrics = {not_worse("tlb_flushes", 0.01)};
    EXPECT_EQ(arm("tlb_flushes").verdict, Verdict::Regressed);
    on_wall_clock();
    EXPECT_EQ(arm("tlb_flushes").verdict, Verdict::Undecided);
}

// Eleven arms with four bounds each: eight pairs cannot decide 40 comparisons together, although
// they could decide each one alone.
TEST_F(VerdictTest, ManyComparisonsNeedMoreBoots) {
    for (int i = 0; i < 9; ++i)
        spec_.arms.push_back({"arm" + std::to_string(i), {}, "synchronize_rcu", {}});
    samples_ = make_samples(spec_);
    spec_.metrics = {not_worse("tlb_flushes", 0.01), not_worse("other_ipis", 9),
                     at_most("target_latency", 9000), at_most("call_latency", 9000)};
    EXPECT_EQ(arm("tlb_flushes").verdict, Verdict::Undecided);
    EXPECT_EQ(arm("tlb_flushes").why, "40 comparisons cannot be decided with 8 boots per arm at 5 "
                                      "% together (the least p is 0.0039): want >= 10");
    EXPECT_EQ(last_.exit, Exit::Inconclusive);
    spec_.metrics.resize(1);
    EXPECT_EQ(arm("tlb_flushes").verdict, Verdict::WithinBound);
}

TEST_F(VerdictTest, PairsByIndexNotByOrderOfTheFile) {
    set_flushes({1, 2, 3, 4, 5, 6, 7, 8}, {2, 4, 6, 8, 10, 12, 14, 16});
    std::reverse(samples_.begin(), samples_.end());
    std::swap(samples_[0], samples_[7]);
    EXPECT_EQ(arm("tlb_flushes").change->ratio.interval->low, 2);
    EXPECT_EQ(arm("tlb_flushes").change->ratio.interval->high, 2);
}

TEST_F(VerdictTest, ABootWithoutPartnerIsLeftOutOfThePairs) {
    set_flushes({1, 2, 3, 4, 5, 6, 7, 8}, {2, 4, 6, 8, 10, 12, 14, 16});
    samples_.erase(samples_.begin() + 4);  // the baseline's boot 2
    samples_.erase(samples_.begin() + 10); // the other arm's boot 5
    EXPECT_EQ(arm("tlb_flushes").change->ratio.n, 6u);
    EXPECT_EQ(arm("tlb_flushes").change->ratio.interval->low, 2);
    EXPECT_EQ(arm("tlb_flushes").change->ratio.interval->high, 2);
}

TEST_F(VerdictTest, RisingFromZeroIsInfinitelyWorse) {
    set_flushes(std::vector<std::uint64_t>(8, 0), std::vector<std::uint64_t>(8, 1));
    spec_.metrics = {not_worse("tlb_flushes", 10)};
    EXPECT_EQ(arm("tlb_flushes").verdict, Verdict::Regressed);
    EXPECT_TRUE(std::isinf(arm("tlb_flushes").change->ratio.value));
    EXPECT_EQ(arm("tlb_flushes").change->direction, Direction::Rose);
    set_flushes(std::vector<std::uint64_t>(8, 0), std::vector<std::uint64_t>(8, 0));
    EXPECT_EQ(arm("tlb_flushes").verdict, Verdict::WithinBound);
    EXPECT_EQ(arm("tlb_flushes").change->direction, Direction::Same);
}

TEST_F(VerdictTest, DirectionIsToldForWhatIsNotJudgedToo) {
    EXPECT_EQ(arm("target_latency").change->direction, Direction::Rose);
    EXPECT_EQ(arm("target_latency").verdict, Verdict::NotJudged);
    EXPECT_EQ(arm("bystander_work_time").change->direction, Direction::Fell);
    EXPECT_EQ(arm("tlb_flushes").change->direction, Direction::Same);
    set_flushes({5, 5, 5, 5, 5, 5, 5, 5}, {4, 6, 4, 6, 4, 6, 4, 6});
    EXPECT_EQ(arm("tlb_flushes").change->direction, Direction::Unclear);
    set_flushes({5, 5, 5, 5, 5}, {9, 9, 9, 9, 9}); // five pairs: too few for an interval
    EXPECT_EQ(arm("tlb_flushes").change->direction, Direction::Unclear);
}

TEST_F(VerdictTest, AFailedProofLeavesNothingJudgedButEverythingShown) {
    spec_.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}}),
                     at_most("target_latency", 1000)};
    proven_ = false;
    EXPECT_EQ(arm("sync_ipis").verdict, Verdict::Inconclusive);
    EXPECT_EQ(arm("target_latency").verdict, Verdict::Inconclusive);
    EXPECT_TRUE(arm("target_latency").spread && arm("target_latency").change);
    EXPECT_EQ(last_.exit, Exit::Inconclusive);
    EXPECT_EQ(last_.held + last_.failed + last_.undecided, 0u);
    EXPECT_EQ(last_.closing, "INCONCLUSIVE: validity check injections failed in ipi");
    boot(0).counts["sync_ipis"] = 1; // not even a value that looks broken
    EXPECT_EQ(run().exit, Exit::Inconclusive);
}

TEST_F(VerdictTest, AnArmWithoutProofsIsInconclusive) {
    auto result = compare(spec_, samples_, {{"ipi", {{"injections", "", true, "", ""}}}});
    EXPECT_EQ(result.exit, Exit::Inconclusive);
    EXPECT_EQ(result.closing, "INCONCLUSIVE: no validity check was made in reviewed");
    EXPECT_EQ(compare(spec_, samples_, {{"ipi", {}}, {"reviewed", {}}}).exit, Exit::Inconclusive);
}

TEST_F(VerdictTest, WhatAnArchitectureCannotCountSaysSo) {
    for (auto& sample : samples_)
        sample.counts.erase("tlb_flushes");
    EXPECT_EQ(arm("tlb_flushes").why, "8 of 8 boots do not hold it"); // x86 has them
    spec_.kernel.arch = "arm64";
    EXPECT_EQ(arm("tlb_flushes").why, "not counted on arm64");
    EXPECT_FALSE(arm("tlb_flushes").spread);
}

TEST_F(VerdictTest, WhatWasDeclaredButNotMeasuredIsInconclusive) {
    spec_.metrics = {not_worse("bystander_wakeup", 0.01),
                     exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}})};
    boot(3).bystander_wakeup_ns.clear();
    EXPECT_EQ(arm("bystander_wakeup").verdict, Verdict::Inconclusive);
    EXPECT_EQ(arm("bystander_wakeup").why, "1 of 8 boots do not hold it");
    EXPECT_FALSE(arm("bystander_wakeup").spread);
    EXPECT_FALSE(arm("bystander_wakeup").change);
    EXPECT_EQ(last_.exit, Exit::Inconclusive);
    EXPECT_EQ(last_.closing, "INCONCLUSIVE: 1 not measured; 0 failed, 2 hold");
    // A gap in the baseline counts as much.
    samples_ = make_samples(spec_);
    samples_[0].bystander_wakeup_ns.clear();
    EXPECT_EQ(arm("bystander_wakeup").verdict, Verdict::Inconclusive);
    EXPECT_EQ(arm("bystander_wakeup").why, "the baseline does not hold it");
    // Without a declaration the metric is merely absent.
    spec_.metrics.erase(spec_.metrics.begin());
    EXPECT_EQ(run().exit, Exit::Pass);
}

TEST_F(VerdictTest, AMetricNobodyKnowsIsInconclusive) {
    spec_.metrics = {not_worse("phase_of_the_moon", 0.01)};
    EXPECT_EQ(run().exit, Exit::Inconclusive);
}

TEST_F(VerdictTest, NoBootsAtAll) {
    spec_.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}}),
                     not_worse("tlb_flushes", 1)};
    samples_.clear();
    EXPECT_EQ(run().exit, Exit::Inconclusive);
    EXPECT_EQ(arm("sync_ipis").why, "no boot");
}

TEST_F(VerdictTest, ClosingNeverCallsUndecidedGood) {
    spec_ = make_spec(4);
    samples_ = make_samples(spec_);
    spec_.metrics = {not_worse("tlb_flushes", 0.01)};
    EXPECT_EQ(run().closing, "INCONCLUSIVE: 0 hold, 1 undecided (tlb_flushes in reviewed)");
    spec_.metrics.push_back(exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}}));
    EXPECT_EQ(run().closing, "PASS: 2 hold, 1 undecided (tlb_flushes in reviewed)");
    EXPECT_EQ(run().exit, Exit::Pass);
    spec_.metrics.clear();
    EXPECT_EQ(run().closing, "NO VERDICT: nothing is declared; every validity check passed");
}

// Otherwise too few boots, or too many bounds, would turn anything into a pass.
TEST_F(VerdictTest, UndecidedBeyondItsBoundIsNoPass) {
    spec_ = make_spec(4);
    samples_ = make_samples(spec_);
    spec_.metrics = {not_worse("target_latency", 0.01),
                     exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}})};
    auto result = run();
    EXPECT_EQ(result.exit, Exit::Inconclusive);
    EXPECT_EQ(result.closing,
              "INCONCLUSIVE: 1 of 1 undecided look worse than declared; 2 hold, 1 undecided");
    spec_ = make_spec(8);
    samples_ = make_samples(spec_);
    spec_.metrics = {not_worse("target_latency", 0.01),
                     exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}})};
    EXPECT_EQ(run().exit, Exit::Fail) << "decided, it is a regression";
}

// An instrument that showed only 0 has not shown that it works.
TEST_F(VerdictTest, ZeroInEveryArmDoesNotHold) {
    spec_.metrics = {exactly("sync_ipis", {{"ipi", 0}, {"reviewed", 0}})};
    for (auto& s : samples_)
        s.counts["sync_ipis"] = 0;
    const auto result = run();
    EXPECT_EQ(result.unseen, 2u);
    EXPECT_EQ(result.held, 0u);
    EXPECT_EQ(result.exit, Exit::Inconclusive);
    EXPECT_EQ(result.closing, "INCONCLUSIVE: 0 hold, 2 are 0 in every arm");
}

TEST_F(VerdictTest, ClosingFitsOnOneLine) {
    for (auto& arm : spec_.arms)
        arm.name += std::string(32 - arm.name.size(), 'x');
    samples_ = make_samples(spec_);
    spec_.metrics = {
        exactly("call_function_vectors", {{spec_.arms[0].name, 1}, {spec_.arms[1].name, 1}})};
    EXPECT_LE(run().closing.size(), 97u);
    EXPECT_EQ(run().exit, Exit::Fail);
    auto result = compare(spec_, samples_,
                          {{spec_.arms[0].name, {{"workload_complete", "", false, "", ""}}}});
    EXPECT_LE(result.closing.size(), 97u);
}

TEST_F(VerdictTest, EveryArmIsComparedWithTheFirst) {
    spec_.arms.push_back({"merged", {}, "synchronize_rcu", {}});
    samples_ = make_samples(spec_);
    for (auto& s : samples_)
        if (s.id.arm == "merged") s.counts["tlb_flushes"] = 150;
    spec_.metrics = {not_worse("tlb_flushes", 0.01)};
    auto result = run();
    const auto& arms = result.find("tlb_flushes")->arms;
    EXPECT_EQ(arms[1].verdict, Verdict::WithinBound);
    EXPECT_EQ(arms[2].verdict, Verdict::Regressed);
    EXPECT_EQ(arms[2].change->ratio.value, 1.5);
    EXPECT_EQ(result.closing, "FAIL: 1 failed (tlb_flushes in merged), 1 hold");
}

TEST_F(VerdictTest, SummariesAreOverBootsAndPooledOnesOverValues) {
    const auto& base = arm("target_latency", 0);
    EXPECT_EQ(base.boots.size(), 8u);
    EXPECT_EQ(base.spread->min, 10'500 + 3'950);
    EXPECT_EQ(base.spread->max, 10'500 + 3'950 + 49);
    EXPECT_EQ(base.pooled->values, 8u * 80);
    EXPECT_EQ(base.pooled->max, 10'500 + 7'900 + 49);
    EXPECT_FALSE(base.change);
    EXPECT_FALSE(arm("sync_ipis").pooled);
}

} // namespace
} // namespace rig
