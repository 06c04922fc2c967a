// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/sign_tests.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <utility>

namespace rig {
namespace {

TEST(BisectJudge, ABootSpeaksForTheNearerEnd) {
    const auto v = votes({0, 0, 0, 10}, {1, 9, 5, 40}, {10, 10, 10, 20});
    EXPECT_EQ(v.good, 1u);
    EXPECT_EQ(v.bad, 2u); // beyond the bad end is like the bad end
    EXPECT_EQ(v.neither, 1u);
    EXPECT_EQ(votes({1, 2, 3}, {1}, {4, 5, 6}).good, 1u); // counts as many boots as all three have
}

TEST(BisectJudge, UnderTheVirtualClockAllBootsMustAgree) {
    EXPECT_EQ(decide_exact({2, 0, 0}), Side::Good);
    EXPECT_EQ(decide_exact({0, 2, 0}), Side::Bad);
    EXPECT_EQ(decide_exact({3, 1, 0}), Side::Unclear);
    EXPECT_EQ(decide_exact({3, 0, 1}), Side::Unclear);
    EXPECT_EQ(decide_exact({0, 0, 0}), Side::Unclear);
}

TEST(BisectJudge, EValuesAreTheMixturesIntegral) {
    EXPECT_NEAR(sign_e_value(0, 0), 1, 1e-12);
    // All hits: 2^n * 2 * (1 - 2^-(n+1)) / (n+1).
    for (const unsigned n : {1u, 2u, 7u, 20u})
        EXPECT_NEAR(sign_e_value(n, 0) / ((std::exp2(n + 1) - 1) / (n + 1)), 1, 1e-12) << n;
    EXPECT_NEAR(sign_e_value(1, 1), 8.0 / 12,
                1e-12); // 2 * 4 * the integral of p(1-p) over [1/2, 1]
    EXPECT_LT(sign_e_value(0, 5), 0.2);
    EXPECT_EQ(fewest_boots(0.05), 7u); // 255/8 >= 20 > 127/7
}

// The exact probability of ever deciding for an end when a fair coin is tossed. It tracks the
// number of hits after each toss while undecided.
double chance_of_deciding(double threshold, std::size_t tosses) {
    std::vector<double> undecided{1};
    double decided = 0;
    for (std::size_t n = 1; n <= tosses; ++n) {
        std::vector<double> next(n + 1, 0);
        for (std::size_t hits = 0; hits < undecided.size(); ++hits) {
            next[hits] += undecided[hits] / 2;
            next[hits + 1] += undecided[hits] / 2;
        }
        for (std::size_t hits = 0; hits <= n; ++hits)
            if (sign_e_value(hits, n - hits) >= threshold) decided += std::exchange(next[hits], 0);
        undecided = std::move(next);
    }
    return decided;
}

TEST(BisectJudge, LookingAfterEveryBootKeepsTheErrorBelowAlpha) {
    for (const double alpha : {0.05, 0.01}) {
        const auto chance = chance_of_deciding(1 / alpha, 400);
        EXPECT_LE(chance, alpha);
        EXPECT_GT(chance, alpha / 20); // negative control: a wrong decision is possible
    }
    // Negative control: a fixed-size test that is checked after every toss does not keep its level.
    // Seven hits of seven have p = 1/128.
    EXPECT_GT(chance_of_deciding(4, 400), 0.05);
}

TEST(BisectJudge, SequentialDecisionsNeedMoreBootsWhereItIsUnclear) {
    const double alpha = 0.05;
    EXPECT_EQ(decide_sequential({6, 0, 0}, alpha), Side::Unclear);
    EXPECT_EQ(decide_sequential({7, 0, 0}, alpha), Side::Good);
    EXPECT_EQ(decide_sequential({0, 7, 3}, alpha), Side::Bad);
    EXPECT_EQ(decide_sequential({2, 9, 0}, alpha), Side::Unclear);
    EXPECT_EQ(decide_sequential({2, 16, 0}, alpha), Side::Bad);
}

// The ends may certainly differ while most boots of one are nearer to the other, if it scatters
// more. Then no step may be decided this way.
TEST(BisectJudge, EndsWhoseBootsAreNearerToTheOtherEndAreNotToldApart) {
    std::mt19937_64 random(1);
    std::vector<double> steady, wide, near, far;
    for (int i = 0; i < 2000; ++i) {
        steady.push_back(std::normal_distribution<double>(100, 1)(random));
        wide.push_back(std::normal_distribution<double>(108, 20)(random));
        near.push_back(std::normal_distribution<double>(100, 1)(random));
        far.push_back(std::normal_distribution<double>(110, 1)(random));
    }
    EXPECT_TRUE(ends_differ(steady, wide, 0.005, 0.01).differ);
    EXPECT_EQ(told_apart(steady, wide, 0.01), Side::Bad);
    EXPECT_EQ(told_apart(near, far, 0.01), Side::Good);
    EXPECT_EQ(told_apart({near.begin(), near.begin() + 4}, {far.begin(), far.begin() + 4}, 0.01),
              Side::Unclear);
}

TEST(BisectJudge, EndsDifferOnlyIfEveryBootSaysSoAndByEnough) {
    EXPECT_TRUE(ends_differ({240, 240}, {320, 320}, 0.005, 0).differ);
    EXPECT_TRUE(ends_differ({240, 240}, {0, 0}, 0.005, 0).differ);
    EXPECT_TRUE(ends_differ({0, 0}, {1, 1}, 0.5, 0).differ); // the good median is 0
    const auto mixed = ends_differ({10, 12}, {11, 11}, 0, 0);
    EXPECT_FALSE(mixed.differ);
    EXPECT_NE(mixed.why_not.find("higher at the bad end in 1, lower in 1"), std::string::npos)
        << mixed.why_not;
    const auto little = ends_differ({1000, 1000}, {1001, 1001}, 0.005, 0);
    EXPECT_FALSE(little.differ);
    EXPECT_NE(little.why_not.find("by 0.1 % only, want at least 0.5 %"), std::string::npos)
        << little.why_not;
    EXPECT_FALSE(ends_differ({}, {}, 0, 0).differ);
    // Wall clock: a few boots do not suffice, many do.
    const std::vector<double> low(20, 100), high(20, 200);
    EXPECT_FALSE(
        ends_differ({low.begin(), low.begin() + 5}, {high.begin(), high.begin() + 5}, 0.005, 0.01)
            .differ);
    EXPECT_TRUE(ends_differ(low, high, 0.005, 0.01).differ);
}

} // namespace
} // namespace rig
