// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/bound_tests.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>

namespace rig {
namespace {

MetricSpec bounded(ExpectKind kind, double bound) {
    MetricSpec metric;
    metric.name = "x";
    metric.kind = kind;
    metric.ratio = metric.within = bound;
    return metric;
}

// Judges one arm against a baseline of 1000 in every boot, as one of `family` comparisons with the
// same p.
ArmMetric judged(const MetricSpec& expect, const std::vector<double>& values, bool paired = true,
                 std::size_t family = 1) {
    ArmMetric arm, base;
    for (std::size_t i = 0; i < values.size(); ++i) {
        arm.boots.push_back({static_cast<unsigned>(i), values[i]});
        base.boots.push_back({static_cast<unsigned>(i), 1000});
    }
    const auto against = contrast(arm, base, paired);
    arm.change = change_between(against);
    arm.test = test_bound(expect, against);
    std::vector<BoundTest> others(family - 1, *arm.test);
    std::vector<BoundTest*> all = {&*arm.test};
    for (auto& other : others)
        all.push_back(&other);
    correct(all);
    decide(expect, arm);
    return arm;
}

std::vector<double> all(std::size_t n, double value) {
    return std::vector<double>(n, value);
}

TEST(Judge, UnchangedNeedsBothSides) {
    const auto expect = bounded(ExpectKind::Unchanged, 0.01);
    for (bool paired : {true, false}) {
        EXPECT_EQ(judged(expect, all(8, 1000), paired).verdict, Verdict::Unchanged);
        EXPECT_EQ(judged(expect, {992, 995, 998, 1000, 1001, 1003, 1006, 1009}, paired).verdict,
                  Verdict::Unchanged);
        EXPECT_EQ(judged(expect, all(8, 1010), paired).verdict, Verdict::Unchanged)
            << "the bound may be reached";
        EXPECT_EQ(judged(expect, all(8, 990), paired).verdict, Verdict::Unchanged);
        EXPECT_EQ(judged(expect, {1011, 1012, 1013, 1014, 1015, 1016, 1017, 1018}, paired).verdict,
                  Verdict::Regressed);
        // Better than declared is not as declared.
        const auto fell = judged(expect, all(8, 900), paired);
        EXPECT_EQ(fell.verdict, Verdict::Broken);
        EXPECT_EQ(fell.why, "it fell: interval to ×0.9, want at least ×0.99");
        EXPECT_EQ(judged(expect, {980, 980, 980, 995, 1000, 1000, 1000, 1000}, paired).verdict,
                  Verdict::Undecided);
        EXPECT_EQ(judged(expect, {1000, 1000, 1000, 1000, 1005, 1020, 1020, 1020}, paired).verdict,
                  Verdict::Undecided);
    }
    EXPECT_EQ(judged(expect, all(8, 1000)).declared, "unchanged within 1 %");
    EXPECT_EQ(judged(expect, {980, 980, 980, 995, 1000, 1000, 1000, 1000}).why,
              "interval ×0.98 to ×1 straddles ×0.99");
}

// A difference that cannot be shown is no equivalence: that is what TOST is for.
TEST(Judge, AWideIntervalIsNotUnchanged) {
    const auto noisy =
        judged(bounded(ExpectKind::Unchanged, 0.01), {900, 1100, 950, 1050, 920, 1080, 970, 1030});
    EXPECT_EQ(noisy.change->direction, Direction::Unclear);
    EXPECT_GT(noisy.change->no_change.two_sided, 0.5);
    EXPECT_EQ(noisy.verdict, Verdict::Undecided);
}

TEST(Judge, FallsIsKeptByFallingAlone) {
    const auto expect = bounded(ExpectKind::Falls, 0);
    for (bool paired : {true, false}) {
        EXPECT_EQ(judged(expect, {900, 910, 920, 930, 940, 950, 960, 999}, paired).verdict,
                  Verdict::Improved);
        EXPECT_EQ(judged(expect, {1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008}, paired).verdict,
                  Verdict::Regressed);
        const auto same = judged(expect, all(8, 1000), paired);
        EXPECT_EQ(same.verdict, Verdict::Broken);
        EXPECT_EQ(same.why, "it did not fall: the same in every boot");
        EXPECT_EQ(judged(expect, {900, 900, 900, 1000, 1000, 1100, 1100, 1100}, paired).verdict,
                  Verdict::Undecided);
        EXPECT_EQ(judged(expect, all(8, 0), paired).verdict, Verdict::Improved);
    }
    EXPECT_EQ(judged(expect, all(8, 900)).declared, "falls");
}

TEST(Judge, HolmKeepsTheNumberOfComparisonsInView) {
    const auto expect = bounded(ExpectKind::NotWorse, 0.01);
    // The smallest p at n = 6 is 1/64. Three comparisons are within 5 % together, four are not.
    EXPECT_EQ(judged(expect, all(6, 1100), true, 3).verdict, Verdict::Regressed);
    const auto four = judged(expect, all(6, 1100), true, 4);
    EXPECT_EQ(four.verdict, Verdict::Undecided);
    EXPECT_EQ(four.why, "4 comparisons cannot be decided with 6 boots per arm at 5 % together (the "
                        "least p is 0.016): want >= 7");
    EXPECT_EQ(four.test->family, 4u);
    EXPECT_NEAR(four.test->worse.adjusted, 4.0 / 64, 1e-12);
    EXPECT_EQ(judged(expect, all(7, 1100), true, 4).verdict, Verdict::Regressed);
    // The same in the other direction: that a bound holds is as much a claim as that it fails.
    EXPECT_EQ(judged(expect, all(6, 1000), true, 4).verdict, Verdict::Undecided);
    EXPECT_EQ(judged(expect, all(7, 1000), true, 4).verdict, Verdict::WithinBound);
    // Enough boots, but the data do not support a decision.
    const std::vector<double> weak = {1100, 1100, 1100, 1100, 1100, 1100,
                                      1100, 1100, 1100, 990,  1100, 1100};
    EXPECT_EQ(judged(expect, weak, true, 1).verdict, Verdict::Regressed);
    const auto many = judged(expect, weak, true, 200);
    EXPECT_EQ(many.verdict, Verdict::Undecided);
    EXPECT_TRUE(many.why.starts_with("decided on its own (p 0.00")) << many.why;
    EXPECT_NE(many.why.find("not as one of 200 comparisons"), std::string::npos) << many.why;
}

TEST(Judge, BootsNeeded) {
    EXPECT_EQ(boots_needed(1, true), 6u);
    EXPECT_EQ(boots_needed(3, true), 6u);
    EXPECT_EQ(boots_needed(4, true), 7u);
    EXPECT_EQ(boots_needed(12, true), 8u);
    EXPECT_EQ(boots_needed(13, true), 9u);
    EXPECT_EQ(boots_needed(1, false), 5u);
    EXPECT_EQ(boots_needed(12, false), 5u); // 252 arrangements
    EXPECT_EQ(boots_needed(13, false), 6u);
}

TEST(Judge, EffectsStandBesideTheTests) {
    const auto expect = bounded(ExpectKind::NotWorse, 0.01);
    const auto rose = judged(expect, all(8, 1100));
    EXPECT_EQ(rose.change->effect, 1);
    EXPECT_NEAR(rose.change->no_change.two_sided, 2.0 / 256, 1e-12);
    EXPECT_EQ(judged(expect, all(8, 900), false).change->effect, -1);
    EXPECT_EQ(judged(expect, all(8, 1000)).change->effect, 0);
    EXPECT_EQ(judged(expect, all(8, 1000)).change->no_change.two_sided, 1);
    // Up by 0.5 % in every boot: a clear effect, but within the bound.
    const auto small = judged(expect, all(8, 1005));
    EXPECT_EQ(small.change->effect, 1);
    EXPECT_EQ(small.verdict, Verdict::WithinBound);
}

TEST(Judge, ReportAndExactlyBoundNothing) {
    EXPECT_FALSE(test_bound(bounded(ExpectKind::Report, 0), {{1}, {1}, true}));
    EXPECT_FALSE(test_bound(bounded(ExpectKind::Exactly, 0), {{1}, {1}, true}));
    EXPECT_FALSE(test_bound(bounded(ExpectKind::Falls, 0), {{}, {}, true}));
}

// The rate of untrue claims when the truth is exactly at the bound, over 4000 simulated runs of
// four comparisons.
TEST(Judge, UntrueClaimsStayRare) {
    std::uint64_t state = 1;
    const auto noise = [&] { // symmetric, heavy-tailed enough
        state = state * 6364136223846793005u + 1442695040888963407u;
        const auto u = static_cast<double>(state >> 11) / 9007199254740992.0 - 0.5;
        return 40 * u * u * u;
    };
    const auto expect = bounded(ExpectKind::NotWorse, 0.01);
    int alarms = 0, clearances = 0;
    constexpr int runs = 4000;
    for (int run = 0; run < runs; ++run) {
        std::vector<ArmMetric> arms(4), bases(4);
        std::vector<BoundTest*> family;
        for (std::size_t i = 0; i < 4; ++i) {
            for (unsigned boot = 0; boot < 10; ++boot) {
                bases[i].boots.push_back({boot, 1000});
                arms[i].boots.push_back({boot, 1010 + noise()});
            }
            const auto against = contrast(arms[i], bases[i], true);
            arms[i].change = change_between(against);
            arms[i].test = test_bound(expect, against);
        }
        for (auto& arm : arms)
            family.push_back(&*arm.test);
        correct(family);
        bool alarm = false, clearance = false;
        for (auto& arm : arms) {
            decide(expect, arm);
            alarm = alarm || arm.verdict == Verdict::Regressed;
            clearance = clearance || arm.verdict == Verdict::WithinBound ||
                        arm.verdict == Verdict::Improved;
        }
        alarms += alarm;
        clearances += clearance;
    }
    const double limit = runs * family_error + 3 * std::sqrt(runs * family_error);
    EXPECT_LT(alarms, limit);
    EXPECT_LT(clearances, limit);
    EXPECT_GT(alarms + clearances, 0); // alarms are possible at all
}

} // namespace
} // namespace rig
