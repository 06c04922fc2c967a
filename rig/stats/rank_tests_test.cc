// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/stats/rank_tests.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace rig {
namespace {

// ---- Against printed results

// Hollander and Wolfe, "Nonparametric Statistical Methods" (1973), 29 f.: Hamilton depression scale
// of 9 patients before and after a tranquilliser; the example of R's wilcox.test, which prints V =
// 40, p-value = 0.01953 for "greater". The estimate in the book is 0.46, and R's one-sided 95 %
// bound 0.175.
const std::vector<double> before = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
const std::vector<double> after = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};

// The same book, 69 f., and R's second example: W = 35, p-value = 0.1272 for "greater".
const std::vector<double> term = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
const std::vector<double> early = {1.15, 0.88, 0.90, 0.74, 1.21};

std::vector<double> minus(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> out;
    for (std::size_t i = 0; i < a.size(); ++i)
        out.push_back(a[i] - b[i]);
    return out;
}

TEST(StatisticsRank, SignedRankGivesWhatRPrints) {
    const auto test = signed_rank(minus(before, after));
    ASSERT_TRUE(test);
    EXPECT_EQ(test->statistic, 40);
    EXPECT_EQ(test->most, 45);
    EXPECT_NEAR(test->above, 0.01953, 0.000005);
    EXPECT_NEAR(test->two_sided, 0.03906, 0.000005);
    EXPECT_TRUE(test->exact);
    EXPECT_EQ(test->n, 9u);
}

TEST(StatisticsRank, MannWhitneyGivesWhatRPrints) {
    const auto test = mann_whitney(term, early);
    ASSERT_TRUE(test);
    EXPECT_EQ(test->statistic, 35);
    EXPECT_NEAR(test->above, 0.1272, 0.00005);
    EXPECT_TRUE(test->exact);
    const auto mirrored = mann_whitney(early, term);
    EXPECT_EQ(mirrored->statistic, 15);
    EXPECT_NEAR(mirrored->below, test->above, 1e-12);
}

TEST(StatisticsRank, PseudomedianMatchesHollanderAndWolfe) {
    const auto estimate = pseudomedian(minus(before, after));
    ASSERT_TRUE(estimate && estimate->interval);
    EXPECT_NEAR(estimate->value, 0.46, 1e-12);
    // The critical w is 5 (table below): the interval ends at the 6th smallest and 6th largest of
    // the 45 averages.
    EXPECT_NEAR(estimate->interval->low, 0.01, 1e-12);
    EXPECT_NEAR(estimate->interval->high, 0.786, 1e-12);
    EXPECT_NEAR(estimate->interval->coverage, 1 - 2 * 10.0 / 512,
                1e-12); // W+ <= 5: 10 of the 512 sign patterns
}

// Two-tailed 5 %: Zar, "Biostatistical Analysis", table B.12 after McCornack (1965).
TEST(StatisticsRank, CriticalWMatchesThePublishedTable) {
    const std::vector<std::pair<std::size_t, std::size_t>> table = {
        {6, 0},   {7, 2},   {8, 3},   {9, 5},   {10, 8},  {11, 10}, {12, 13}, {13, 17}, {14, 21},
        {15, 25}, {16, 29}, {17, 34}, {18, 40}, {19, 46}, {20, 52}, {25, 89}, {30, 137}};
    for (auto [n, w] : table) {
        ASSERT_TRUE(critical_w(n, 0.025)) << n;
        EXPECT_EQ(*critical_w(n, 0.025), w) << n;
    }
    EXPECT_FALSE(critical_w(5, 0.025));
}

// Two-tailed 5 %, after Mann and Whitney (1947): U at the critical value is significant, one more
// is not.
TEST(StatisticsRank, MannWhitneyAgreesWithThePublishedCriticalValues) {
    struct Row {
        std::size_t n, m, u;
    };
    for (auto [n, m, u] :
         {Row{4, 4, 0}, Row{5, 5, 2}, Row{6, 6, 5}, Row{7, 7, 8}, Row{8, 8, 13}, Row{9, 9, 17},
          Row{10, 10, 23}, Row{5, 10, 8}, Row{12, 12, 37}, Row{15, 15, 64}, Row{20, 20, 127}}) {
        for (auto [wanted, significant] : {std::pair{u, true}, {u + 1, false}}) {
            // The base values are 1..m. Each value is placed above as many of them as U still
            // needs.
            std::vector<double> base, values;
            for (std::size_t i = 1; i <= m; ++i)
                base.push_back(static_cast<double>(i));
            auto left = wanted;
            for (std::size_t i = 0; i < n; ++i) {
                const auto over = std::min(left, m);
                values.push_back(static_cast<double>(over) + 0.5 + static_cast<double>(i) / 1000);
                left -= over;
            }
            const auto test = mann_whitney(values, base);
            ASSERT_TRUE(test);
            EXPECT_EQ(test->statistic, static_cast<double>(wanted));
            EXPECT_EQ(test->two_sided <= 0.05, significant)
                << n << " " << m << " " << wanted << " p " << test->two_sided;
        }
    }
}

// Conover, "Practical Nonparametric Statistics" (1971), 97 f.: 682 of 925 plants; the example of
// R's binom.test.
TEST(StatisticsRank, ClopperPearsonMatchesConover) {
    const auto interval = clopper_pearson(682, 925);
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, 0.7076683, 5e-8);
    EXPECT_NEAR(interval->high, 0.7654066, 5e-8);
    EXPECT_EQ(clopper_pearson(0, 50)->low, 0);
    EXPECT_NEAR(clopper_pearson(0, 50)->high, 1 - std::pow(0.025, 1.0 / 50), 1e-12);
    EXPECT_EQ(clopper_pearson(50, 50)->high, 1);
    EXPECT_NEAR(clopper_pearson(50, 50)->low, std::pow(0.025, 1.0 / 50), 1e-12);
    EXPECT_FALSE(clopper_pearson(0, 0));
}

// ---- Against brute force: every assignment of signs, every choice of values

double rank_of(const std::vector<double>& values, double value) {
    double below = 0, same = 0;
    for (double other : values)
        below += other < value, same += other == value;
    return below + (same + 1) / 2;
}

void expect_signed_rank_by_enumeration(const std::vector<double>& differences) {
    std::vector<double> sizes, ranks;
    double seen = 0;
    for (double d : differences)
        if (d != 0) sizes.push_back(std::abs(d));
    for (double d : differences)
        if (d != 0) ranks.push_back(rank_of(sizes, std::abs(d))), seen += d > 0 ? ranks.back() : 0;
    double below = 0, above = 0, all = std::ldexp(1.0, static_cast<int>(ranks.size()));
    for (unsigned signs = 0; signs < all; ++signs) {
        double sum = 0;
        for (std::size_t i = 0; i < ranks.size(); ++i)
            if (signs >> i & 1) sum += ranks[i];
        below += sum <= seen;
        above += sum >= seen;
    }
    const auto test = signed_rank(differences);
    ASSERT_TRUE(test);
    EXPECT_EQ(test->statistic, seen);
    EXPECT_NEAR(test->below, below / all, 1e-12);
    EXPECT_NEAR(test->above, above / all, 1e-12);
}

void expect_mann_whitney_by_enumeration(const std::vector<double>& values,
                                        const std::vector<double>& base) {
    auto all = values;
    all.insert(all.end(), base.begin(), base.end());
    const auto u = [&](unsigned chosen) { // bit i set: all[i] belongs to the values
        double sum = 0;
        for (std::size_t i = 0; i < all.size(); ++i)
            for (std::size_t j = 0; j < all.size(); ++j)
                if (chosen >> i & 1 && !(chosen >> j & 1))
                    sum += all[i] > all[j] ? 1 : all[i] == all[j] ? 0.5 : 0;
        return sum;
    };
    const double seen = u((1u << values.size()) - 1);
    double below = 0, above = 0, ways = 0;
    for (unsigned chosen = 0; chosen < 1u << all.size(); ++chosen) {
        if (static_cast<std::size_t>(__builtin_popcount(chosen)) != values.size()) continue;
        const auto sum = u(chosen);
        ++ways;
        below += sum <= seen;
        above += sum >= seen;
    }
    const auto test = mann_whitney(values, base);
    ASSERT_TRUE(test);
    EXPECT_EQ(test->statistic, seen);
    EXPECT_NEAR(test->below, below / ways, 1e-12);
    EXPECT_NEAR(test->above, above / ways, 1e-12);
}

TEST(StatisticsRank, ExactTailsAreThoseOfEveryArrangement) {
    std::mt19937 random(7); // fixed seed: the test is deterministic
    for (int round = 0; round < 60; ++round) {
        const bool tied = round % 2;
        const auto draw = [&] {
            return tied ? static_cast<double>(random() % 5) - 2
                        : static_cast<double>(random() % 100000) - 50000;
        };
        std::vector<double> differences(1 + random() % 11), values(1 + random() % 5),
            base(1 + random() % 5);
        for (auto* list : {&differences, &values, &base})
            for (auto& one : *list)
                one = draw();
        expect_signed_rank_by_enumeration(differences);
        expect_mann_whitney_by_enumeration(values, base);
    }
}

TEST(StatisticsRank, LeastPIsReachedAndNeverPassed) {
    EXPECT_EQ(signed_rank({1, 2, 3, 4, 5, 6})->above, min_p_signed_rank(6));
    EXPECT_EQ(signed_rank({1, 1, 1, 1, 1, 1})->above, min_p_signed_rank(6));
    EXPECT_EQ(min_p_signed_rank(6), 1.0 / 64);
    EXPECT_NEAR(mann_whitney({4, 5, 6, 7}, {1, 2, 3})->above, min_p_mann_whitney(4, 3), 1e-15);
    EXPECT_NEAR(min_p_mann_whitney(4, 3), 1.0 / 35, 1e-15);
}

TEST(StatisticsRank, TheNormalApproximationContinuesTheExactTest) {
    for (bool tied : {false, true}) {
        std::mt19937 random(11);
        const auto draw = [&](int shift) {
            return tied ? static_cast<double>(random() % 20 + shift)
                        : static_cast<double>(random() % 100000) + 5000 * shift;
        };
        std::vector<double> small_values, small_base, differences;
        for (int i = 0; i < 50; ++i)
            small_values.push_back(draw(1)), small_base.push_back(draw(0));
        for (int i = 0; i < 100; ++i)
            differences.push_back(draw(1) - draw(0));
        auto large_values = small_values, large_differences = differences;
        large_values.push_back(
            median(small_values)
                .value()); // 51 values, for the approximation; a middle value changes little
        large_differences.push_back(median(differences).value());
        const auto exact = mann_whitney(small_values, small_base),
                   normal = mann_whitney(large_values, small_base);
        EXPECT_TRUE(exact->exact);
        EXPECT_FALSE(normal->exact);
        EXPECT_NEAR(exact->above, normal->above, 0.01 + exact->above / 10);
        const auto paired = signed_rank(differences),
                   paired_normal = signed_rank(large_differences);
        EXPECT_TRUE(paired->exact);
        EXPECT_EQ(paired_normal->exact, paired_normal->n <= 100); // zeros are not counted
        EXPECT_NEAR(paired->above, paired_normal->above, 0.01 + paired->above / 10);
    }
    EXPECT_EQ(mann_whitney(std::vector<double>(60, 1), std::vector<double>(60, 1))->two_sided, 1);
}

// ---- At the bound

TEST(StatisticsRank, AZeroSaysWhatTheQuestionMakesOfIt) {
    const std::vector<double> zeros(8, 0.0);
    EXPECT_EQ(signed_rank(zeros)->two_sided, 1);
    EXPECT_EQ(signed_rank(zeros)->n, 0u);
    EXPECT_EQ(signed_rank(zeros)->zeros, 8u);
    EXPECT_EQ(signed_rank(zeros, AtBound::Below)->below, 1.0 / 256);
    EXPECT_EQ(signed_rank(zeros, AtBound::Below)->above, 1);
    EXPECT_EQ(signed_rank(zeros, AtBound::Above)->above, 1.0 / 256);
    // Zeros have the lowest ranks: they cannot outweigh a real difference.
    EXPECT_EQ(signed_rank({0, 0, 5}, AtBound::Below)->statistic, 3);
    EXPECT_EQ(signed_rank({0, 0, -5}, AtBound::Above)->statistic, 3);

    const std::vector<double> ones(4, 1.0);
    EXPECT_EQ(mann_whitney(ones, ones)->two_sided, 1);
    EXPECT_NEAR(mann_whitney(ones, ones, AtBound::Below)->below, 1.0 / 70, 1e-15);
    EXPECT_NEAR(mann_whitney(ones, ones, AtBound::Above)->above, 1.0 / 70, 1e-15);
    EXPECT_EQ(mann_whitney({1, 2}, {1, 3}, AtBound::Below)->statistic, 1); // only 2 > 1
    EXPECT_EQ(mann_whitney({1, 2}, {1, 3}, AtBound::Above)->statistic,
              2); // also 1, which counts as above 1
}

// ---- Holm, effect sizes

// Holm's procedure as in the example at en.wikipedia.org/wiki/Holm-Bonferroni_method: of p = 0.01,
// 0.04, 0.03, 0.005 the first and the last are rejected at 5 %.
TEST(StatisticsRank, HolmStepsDown) {
    const auto adjusted = holm({0.01, 0.04, 0.03, 0.005});
    const std::vector<double> want = {0.03, 0.06, 0.06, 0.02};
    ASSERT_EQ(adjusted.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i)
        EXPECT_NEAR(adjusted[i], want[i], 1e-15) << i;
    EXPECT_EQ(holm({}), std::vector<double>{});
    EXPECT_EQ(holm({0.7, 0.9}), (std::vector<double>{1, 1}));
    EXPECT_EQ(holm({0.04}), std::vector<double>{0.04});
}

// 2000 families of five true null hypotheses: the share with any false positive must not exceed 5 %
// by more than chance.
TEST(StatisticsRank, HolmKeepsTheFamilysErrorRate) {
    std::mt19937 random(3);
    int alarms = 0, uncorrected = 0;
    for (int round = 0; round < 2000; ++round) {
        std::vector<double> p;
        for (int metric = 0; metric < 5; ++metric) {
            std::vector<double> differences(12);
            for (auto& one : differences)
                one = static_cast<double>(random() % 100001) - 50000;
            p.push_back(signed_rank(differences)->two_sided);
        }
        const auto adjusted = holm(p);
        alarms += *std::min_element(adjusted.begin(), adjusted.end()) <= 0.05;
        uncorrected += *std::min_element(p.begin(), p.end()) <= 0.05;
    }
    EXPECT_LT(alarms, 2000 * 0.05 + 3 * 10);
    EXPECT_GT(uncorrected, 300); // about 1 - 0.95^5: without the correction there are too many
}

TEST(StatisticsRank, EffectSizesAreSignedShares) {
    EXPECT_EQ(rank_biserial({1, 2, 3}).value(), 1);
    EXPECT_EQ(rank_biserial({-1, -2, -3}).value(), -1);
    EXPECT_EQ(rank_biserial({0, 0}).value(), 0);
    EXPECT_NEAR(rank_biserial(minus(before, after)).value(), (40.0 - 5) / 45, 1e-12);
    EXPECT_EQ(cliffs_delta({4, 5}, {1, 2}).value(), 1);
    EXPECT_EQ(cliffs_delta({1, 2}, {4, 5}).value(), -1);
    EXPECT_EQ(cliffs_delta({1, 1}, {1, 1}).value(), 0);
    EXPECT_NEAR(cliffs_delta(term, early).value(), (35.0 - 15) / 50, 1e-12);
}

TEST(StatisticsRank, NothingIsNotTested) {
    EXPECT_FALSE(signed_rank({}));
    EXPECT_FALSE(mann_whitney({}, {1}));
    EXPECT_FALSE(mann_whitney({1}, {}));
    EXPECT_FALSE(pseudomedian({}));
    EXPECT_FALSE(rank_biserial({}));
    EXPECT_EQ(pseudomedian({1, 2, 3, 4, 5})->why_not, "no interval at n = 5, want >= 6");
}

} // namespace
} // namespace rig
