// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/stats/estimate.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>

namespace rig {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<double> one_to(int n) {
    std::vector<double> out(static_cast<std::size_t>(n));
    std::iota(out.begin(), out.end(), 1.0);
    return out;
}

TEST(Statistics, NothingHasNoStatistics) {
    for (const auto& result : {median({}), quantile({}, 0.99), maximum({}), mean({})}) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    }
    EXPECT_FALSE(median_estimate({}));
    EXPECT_FALSE(paired_difference({}, {}));
    EXPECT_FALSE(paired_ratio({1}, {1, 2}));
    EXPECT_FALSE(shift({}, {1}));
    EXPECT_FALSE(shift_ratio({1}, {}));
}

TEST(Statistics, Median) {
    EXPECT_EQ(median({3}).value(), 3);
    EXPECT_EQ(median({5, 1, 3}).value(), 3);
    EXPECT_EQ(median({4, 1, 3, 2}).value(), 2.5);
    EXPECT_EQ(median({1, infinity, infinity}).value(), infinity);
    EXPECT_EQ(median({infinity, infinity}).value(), infinity);
}

// Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996),
// definition 1: the inverse of the empirical distribution function, x(ceil(np)).
TEST(Statistics, QuantileIsNearestRank) {
    EXPECT_EQ(quantile({15, 20, 35, 40, 50}, 0.05).value(), 15);
    EXPECT_EQ(quantile({15, 20, 35, 40, 50}, 0.30).value(), 20);
    EXPECT_EQ(quantile({15, 20, 35, 40, 50}, 0.40).value(),
              20); // np is whole: the quantile does not step up
    EXPECT_EQ(quantile({50, 40, 35, 20, 15}, 0.50).value(), 35);
    EXPECT_EQ(quantile({15, 20, 35, 40, 50}, 1.0).value(), 50);
    EXPECT_EQ(quantile(one_to(100), 0.99).value(), 99);
    EXPECT_EQ(quantile(one_to(101), 0.99).value(), 100);
    EXPECT_EQ(quantile(one_to(1000), 0.99).value(), 990);
    EXPECT_EQ(quantile(one_to(100), 0.07).value(), 7); // 0.07 * 100 > 7 in binary
    EXPECT_EQ(quantile({7}, 0.99).value(), 7);
    EXPECT_FALSE(quantile({1}, 0));
    EXPECT_FALSE(quantile({1}, 1.01));
}

TEST(Statistics, MaximumAndMean) {
    EXPECT_EQ(maximum({1, 9, 3}).value(), 9);
    EXPECT_EQ(mean({1, 2, 6}).value(), 3);
}

// "Table A.7: Confidence Intervals for the Population Median" of a statistics text (p. 656; copied
// at coursehero 5646626), which lists ranks and confidence levels for n = 2..20. These rows are the
// narrowest intervals with >= 95 %.
TEST(Statistics, MedianIntervalMatchesThePublishedTable) {
    struct Row {
        int n;
        double low, high, level;
    };
    for (auto [n, low, high, level] :
         {Row{6, 1, 6, 96.9}, Row{7, 1, 7, 98.4}, Row{8, 1, 8, 99.2}, Row{9, 2, 8, 96.1},
          Row{10, 2, 9, 97.9}, Row{11, 2, 10, 98.8}, Row{12, 3, 10, 96.1}, Row{13, 3, 11, 97.8},
          Row{14, 3, 12, 98.7}, Row{15, 4, 12, 96.5}, Row{16, 4, 13, 97.9}, Row{17, 5, 13, 95.1},
          Row{18, 5, 14, 96.9}, Row{19, 5, 15, 98.1}, Row{20, 6, 15, 95.9}}) {
        auto estimate = median_estimate(one_to(n));
        ASSERT_TRUE(estimate && estimate->interval) << n;
        EXPECT_EQ(estimate->interval->low, low) << n;
        EXPECT_EQ(estimate->interval->high, high) << n;
        EXPECT_NEAR(100 * estimate->interval->coverage, level, 0.051) << n;
        EXPECT_EQ(estimate->n, static_cast<std::size_t>(n));
    }
}

// According to the same table the widest interval at n = 5 has 93.8 %.
TEST(Statistics, FewBootsHaveNoInterval) {
    for (int n = 1; n <= 5; ++n) {
        auto estimate = median_estimate(one_to(n));
        ASSERT_TRUE(estimate);
        EXPECT_FALSE(estimate->interval) << n;
        EXPECT_EQ(estimate->why_not, "no interval at n = " + std::to_string(n) + ", want >= 6");
    }
}

// Snedecor and Cochran, "Statistical Methods", 8th ed. (1989), as worked in statpsych::ci.median
// (R): 19 scores, estimate 20.7, limits 10.8 and 30.9.
TEST(Statistics, MedianIntervalMatchesAWorkedExample) {
    auto estimate = median_estimate({30.2, 20.4, 15.1, 10.2, 10.5, 60.8, 20.8, 25.0, 20.7, 30.9,
                                     10.8, 5.1, 50.9, 40.0, 20.9, 10.8, 0, 20.5, 50.8});
    ASSERT_TRUE(estimate && estimate->interval);
    EXPECT_EQ(estimate->value, 20.7);
    EXPECT_EQ(estimate->interval->low, 10.8);
    EXPECT_EQ(estimate->interval->high, 30.9);
}

TEST(Statistics, IdenticalValuesGiveAPoint) {
    auto estimate = median_estimate(std::vector<double>(8, 1.0));
    ASSERT_TRUE(estimate && estimate->interval);
    EXPECT_EQ(estimate->interval->low, 1);
    EXPECT_EQ(estimate->interval->high, 1);
}

TEST(Statistics, Ratios) {
    EXPECT_EQ(ratio_of(3, 2), 1.5);
    EXPECT_EQ(ratio_of(0, 0), 1);
    EXPECT_EQ(ratio_of(0, 240), 0);
    EXPECT_EQ(ratio_of(1, 0), infinity);
}

TEST(Statistics, PairedComparesEachBootWithItsOwnPartner) {
    std::vector<double> base = {10, 20, 30, 40, 50, 60}, values = {11, 22, 33, 44, 55, 66};
    auto ratio = paired_ratio(values, base), difference = paired_difference(values, base);
    ASSERT_TRUE(ratio && ratio->interval && difference && difference->interval);
    EXPECT_NEAR(ratio->value, 1.1, 1e-12);
    EXPECT_NEAR(ratio->interval->low, 1.1, 1e-12); // although the samples overlap widely
    EXPECT_NEAR(ratio->interval->high, 1.1, 1e-12);
    EXPECT_EQ(difference->value, 3.5);
    EXPECT_EQ(difference->interval->low, 1);
    EXPECT_EQ(difference->interval->high, 6);
}

// Critical values of U, two-tailed 5 %: numeracy-bank.net (t/stt/mwu/3) and many others, after Mann
// and Whitney (1947).
TEST(Statistics, CriticalUMatchesThePublishedTable) {
    struct Row {
        std::size_t n, m, u;
    };
    for (auto [n, m, u] :
         {Row{4, 4, 0}, Row{5, 5, 2}, Row{5, 10, 8}, Row{6, 6, 5}, Row{7, 7, 8}, Row{8, 8, 13},
          Row{9, 9, 17}, Row{10, 10, 23}, Row{12, 12, 37}, Row{15, 15, 64}, Row{20, 5, 20},
          Row{13, 16, 59}, Row{16, 16, 75}, Row{18, 20, 112}, Row{20, 20, 127}}) {
        auto critical = critical_u(n, m);
        ASSERT_TRUE(critical) << n << " " << m;
        EXPECT_EQ(critical->u, u) << n << " " << m;
        EXPECT_LE(critical->tail, 0.025);
        EXPECT_EQ(critical_u(m, n)->u, u);
    }
    EXPECT_FALSE(critical_u(3, 3));
    EXPECT_NEAR(critical_u(5, 5)->tail, 4.0 / 252, 1e-12); // U <= 2: 4 of the 252 arrangements
}

TEST(Statistics, NormalApproximationContinuesTheExactRanks) {
    // n * n / 2 - 1.96 * sqrt(n * n * (2 n + 1) / 12) grows by 41.5 per value at n = 50: a jump at
    // 51, where the approximation begins, would be noticed.
    std::size_t previous = critical_u(49, 49)->u;
    for (std::size_t n : {50u, 51u, 52u}) {
        auto next = critical_u(n, n);
        ASSERT_TRUE(next);
        EXPECT_NEAR(static_cast<double>(next->u - previous), 41.5, 2) << n;
        EXPECT_LE(next->tail, 0.025);
        previous = next->u;
    }
}

// Hollander and Wolfe, "Nonparametric Statistical Methods" (1973), 69 f.: permeability of the human
// chorioamnion at term against 12 to 26 weeks; also the example of R's wilcox.test. Estimate 0.305.
// The interval follows from the critical U of 8 in the table above: the 9th smallest and the 9th
// largest of the 50 differences.
TEST(Statistics, ShiftMatchesHollanderAndWolfe) {
    std::vector<double> term = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    std::vector<double> early = {1.15, 0.88, 0.90, 0.74, 1.21};
    auto estimate = shift(term, early);
    ASSERT_TRUE(estimate && estimate->interval);
    EXPECT_NEAR(estimate->value, 0.305, 1e-12);
    EXPECT_NEAR(estimate->interval->low, -0.15, 1e-12);
    EXPECT_NEAR(estimate->interval->high, 0.76, 1e-12);
    EXPECT_EQ(estimate->n, 5u);
    auto mirrored = shift(early, term);
    EXPECT_NEAR(mirrored->value, -0.305, 1e-12);
    EXPECT_NEAR(mirrored->interval->low, -0.76, 1e-12);
}

TEST(Statistics, ShiftRatioIsTheShiftOfLogarithms) {
    std::vector<double> values = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38},
                        base = {1.15, 0.88, 0.90, 0.74, 1.21};
    auto logs = [](std::vector<double> v) {
        for (auto& x : v)
            x = std::log(x);
        return v;
    };
    auto ratio = shift_ratio(values, base), of_logs = shift(logs(values), logs(base));
    ASSERT_TRUE(ratio && ratio->interval);
    EXPECT_NEAR(std::log(ratio->value), of_logs->value, 1e-12);
    EXPECT_NEAR(std::log(ratio->interval->low), of_logs->interval->low, 1e-12);
    EXPECT_NEAR(std::log(ratio->interval->high), of_logs->interval->high, 1e-12);
}

TEST(Statistics, ShiftOfConstantsIsAPoint) {
    auto estimate = shift_ratio(std::vector<double>(5, 7.0), std::vector<double>(6, 7.0));
    ASSERT_TRUE(estimate && estimate->interval);
    EXPECT_EQ(estimate->interval->low, 1);
    EXPECT_EQ(estimate->interval->high, 1);
    estimate = shift_ratio(std::vector<double>(5, 7.0), std::vector<double>(5, 0.0));
    EXPECT_EQ(estimate->value, infinity);
    EXPECT_EQ(estimate->interval->low, infinity);
}

TEST(Statistics, FewUnpairedBootsHaveNoInterval) {
    auto estimate = shift({1, 2, 3, 4}, one_to(20));
    ASSERT_TRUE(estimate);
    EXPECT_FALSE(estimate->interval);
    EXPECT_EQ(estimate->why_not, "no interval at n = 20 and 4, want >= 5 in both");
}

// The actual coverage of every interval must be at least the claimed one, also for data with many
// ties. The linear congruential generator is fixed: the test is deterministic.
TEST(Statistics, CoverageHoldsInSimulation) {
    std::uint64_t state = 42;
    auto uniform = [&] {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<double>(state >> 11) / 9007199254740992.0;
    };
    constexpr int rounds = 4000;
    for (bool tied : {false, true}) {
        int median_covered = 0, shift_covered = 0;
        for (int round = 0; round < rounds; ++round) {
            auto draw = [&] { return tied ? std::floor(uniform() * 5) : uniform() * 5; };
            std::vector<double> a(9), b(7);
            for (auto& x : a)
                x = draw();
            for (auto& x : b)
                x = draw();
            auto m = median_estimate(a)->interval.value();
            auto s = shift(a, b)->interval.value();
            double truth = tied ? 2 : 2.5;
            median_covered += m.low <= truth && truth <= m.high;
            shift_covered += s.low <= 0 && 0 <= s.high;
        }
        EXPECT_GT(median_covered, 0.95 * rounds) << tied;
        EXPECT_GT(shift_covered, 0.945 * rounds)
            << tied; // 0.958 is expected, three standard errors are 0.01
    }
}

} // namespace
} // namespace rig
