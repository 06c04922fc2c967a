// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/stats/rank_tests.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/binomial.hpp>
#include <cassert>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace rig {
namespace {

// The exact distribution of W+ takes n * n * n steps, that of U n * (n + m) * (n + m) * n: for
// these sizes a million and 50 million.
constexpr std::size_t max_exact_signed = 100;
constexpr std::size_t max_exact_unpaired = 50;

tl::unexpected<Error> no_values(const char* what) {
    return fail(FaultDomain::Host, fmt::format("{} of no values, want at least one", what));
}

// Doubled ranks, so that midranks are whole numbers: 2 for the smallest value, 2 * n for the
// largest. `ties` is set to the sum of t^3 - t.
std::vector<std::size_t> doubled_ranks(const std::vector<double>& values, double& ties) {
    std::vector<std::size_t> order(values.size()), ranks(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    ties = 0;
    for (std::size_t first = 0; first < order.size();) {
        auto last = first;
        while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]])
            ++last;
        for (auto i = first; i <= last; ++i)
            ranks[order[i]] = first + last + 2; // twice the mean of the ranks first + 1 .. last + 1
        const auto size = static_cast<double>(last - first + 1);
        ties += size * size * size - size;
        first = last + 1;
    }
    return ranks;
}

// Sets the tails of a distribution that is given as weights of 0, 1, 2, ...
void exact_tails(const std::vector<double>& weights, std::size_t seen, RankTest& test) {
    // Sum from the far ends, because a small tail computed as 1 - (a large one) loses its
    // precision.
    double below = 0, above = 0, total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t i = 0; i <= seen; ++i)
        below += weights[i];
    for (std::size_t i = weights.size(); i-- > seen;)
        above += weights[i];
    test.below = std::min(1.0, below / total);
    test.above = std::min(1.0, above / total);
}

void normal_tails(double mean, double variance, RankTest& test) {
    test.exact = false;
    if (variance <= 0) return; // all values are tied: nothing is more extreme
    const boost::math::normal standard;
    const auto deviation = std::sqrt(variance);
    test.below = boost::math::cdf(standard, (test.statistic + 0.5 - mean) / deviation);
    test.above = boost::math::cdf(
        boost::math::complement(standard, (test.statistic - 0.5 - mean) / deviation));
}

void both_sides(RankTest& test) {
    test.two_sided = std::min(1.0, 2 * std::min(test.below, test.above));
}

// For each sum, the number of subsets of `items` that have it.
std::vector<double> subset_sums(const std::vector<std::size_t>& items) {
    std::vector<double> weights(std::accumulate(items.begin(), items.end(), std::size_t{0}) + 1,
                                0.0);
    weights[0] = 1;
    std::size_t top = 0;
    for (auto item : items) {
        top += item;
        for (auto sum = top + 1; sum-- > item;)
            weights[sum] += weights[sum - item];
    }
    return weights;
}

// For each sum, the number of subsets of `items` with exactly `size` members that have it.
std::vector<double> subset_sums(const std::vector<std::size_t>& items, std::size_t size) {
    auto sorted = items;
    std::sort(sorted.rbegin(), sorted.rend());
    const auto most = std::accumulate(
        sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(size), std::size_t{0});
    // Index: members, then sum.
    std::vector<std::vector<double>> weights(size + 1, std::vector<double>(most + 1, 0.0));
    weights[0][0] = 1;
    std::size_t used = 0;
    for (auto item : sorted) {
        ++used;
        for (auto members = std::min(used, size); members >= 1; --members)
            for (auto sum = most + 1; sum-- > item;)
                weights[members][sum] += weights[members - 1][sum - item];
    }
    return weights[size];
}

} // namespace

Result<RankTest> signed_rank(const std::vector<double>& differences, AtBound at_bound) {
    if (differences.empty()) return no_values("signed-rank test");
    RankTest test;
    std::vector<double> sizes;
    std::vector<bool> positive;
    for (double difference : differences) {
        assert(!std::isnan(difference));
        test.zeros += difference == 0;
        if (difference == 0 && at_bound == AtBound::Nothing) continue;
        sizes.push_back(std::abs(difference));
        positive.push_back(difference > 0 || (difference == 0 && at_bound == AtBound::Above));
    }
    test.n = sizes.size();
    test.most = static_cast<double>(test.n * (test.n + 1)) / 2;
    if (sizes.empty()) return test; // p = 1
    double ties = 0;
    const auto ranks = doubled_ranks(sizes, ties);
    std::size_t doubled = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i)
        if (positive[i]) doubled += ranks[i];
    test.statistic = static_cast<double>(doubled) / 2;
    if (test.n <= max_exact_signed) {
        exact_tails(subset_sums(ranks), doubled, test);
    } else {
        const auto n = static_cast<double>(test.n);
        normal_tails(n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24 - ties / 48, test);
    }
    both_sides(test);
    return test;
}

Result<RankTest> mann_whitney(const std::vector<double>& values, const std::vector<double>& base,
                              AtBound at_bound) {
    if (values.empty() || base.empty()) return no_values("Mann-Whitney test");
    const auto n = values.size(), m = base.size();
    // With Below and Above no value may tie with a base value: rank (value, side) instead of the
    // value.
    auto all = values;
    all.insert(all.end(), base.begin(), base.end());
    double ties = 0;
    auto ranks = doubled_ranks(all, ties);
    if (at_bound != AtBound::Nothing) {
        std::vector<double> ordered(all.size());
        const double aside = at_bound == AtBound::Below ? -1 : 1;
        // Doubled midranks of different values are at least 2 apart: moving one by a half keeps the
        // order.
        for (std::size_t i = 0; i < all.size(); ++i)
            ordered[i] = static_cast<double>(ranks[i]) + (i < n ? aside / 2 : 0);
        ranks = doubled_ranks(ordered, ties);
    }
    std::size_t doubled = 0;
    for (std::size_t i = 0; i < n; ++i)
        doubled += ranks[i];
    RankTest test;
    test.n = n;
    test.m = m;
    test.most = static_cast<double>(n * m);
    test.statistic = (static_cast<double>(doubled) - static_cast<double>(n * (n + 1))) / 2;
    if (n <= max_exact_unpaired && m <= max_exact_unpaired) {
        exact_tails(subset_sums(ranks, n), doubled, test);
    } else {
        const auto dn = static_cast<double>(n), dm = static_cast<double>(m), all_of = dn + dm;
        normal_tails(dn * dm / 2, dn * dm / 12 * (all_of + 1 - ties / (all_of * (all_of - 1))),
                     test);
    }
    both_sides(test);
    return test;
}

double min_p_signed_rank(std::size_t n) {
    return std::ldexp(1.0, -static_cast<int>(std::min<std::size_t>(n, 1000)));
}

double min_p_mann_whitney(std::size_t n, std::size_t m) {
    if (n + m > 1000) return 0;
    return 1 / boost::math::binomial_coefficient<double>(static_cast<unsigned>(n + m),
                                                         static_cast<unsigned>(n));
}

std::optional<std::size_t> critical_w(std::size_t n, double tail) {
    std::vector<std::size_t> ranks(n);
    std::iota(ranks.begin(), ranks.end(), std::size_t{1});
    const auto weights = subset_sums(ranks);
    const auto total = std::ldexp(1.0, static_cast<int>(n));
    std::optional<std::size_t> best;
    double sum = 0;
    for (std::size_t w = 0; w < weights.size(); ++w) {
        sum += weights[w];
        if (sum / total > tail) break;
        best = w;
    }
    return best;
}

Result<Estimate> pseudomedian(const std::vector<double>& differences) {
    if (differences.empty()) return no_values("pseudomedian");
    std::vector<double> averages;
    for (std::size_t i = 0; i < differences.size(); ++i)
        for (std::size_t j = i; j < differences.size(); ++j)
            averages.push_back((differences[i] + differences[j]) / 2);
    std::sort(averages.begin(), averages.end());
    Estimate out;
    out.n = differences.size();
    const auto half = averages.size() / 2;
    out.value = averages.size() % 2 ? averages[half] : (averages[half - 1] + averages[half]) / 2;
    constexpr double tail = (1 - wanted_coverage) / 2;
    std::optional<std::size_t> w;
    double missed = 0;
    if (out.n <= max_exact_signed) {
        w = critical_w(out.n, tail);
    } else {
        const auto n = static_cast<double>(out.n);
        const auto rank = std::floor(
            boost::math::quantile(
                boost::math::normal(n * (n + 1) / 4, std::sqrt(n * (n + 1) * (2 * n + 1) / 24)),
                tail) -
            0.5);
        w = static_cast<std::size_t>(rank);
        missed = tail;
    }
    if (!w) {
        out.why_not = fmt::format("no interval at n = {}, want >= 6", out.n);
        return out;
    }
    if (out.n <= max_exact_signed) {
        std::vector<std::size_t> ranks(out.n);
        std::iota(ranks.begin(), ranks.end(), std::size_t{1});
        const auto weights = subset_sums(ranks);
        missed = std::accumulate(weights.begin(),
                                 weights.begin() + static_cast<std::ptrdiff_t>(*w) + 1, 0.0) /
                 std::ldexp(1.0, static_cast<int>(out.n));
    }
    out.interval = Interval{averages[*w], averages[averages.size() - 1 - *w], 1 - 2 * missed};
    return out;
}

std::vector<double> holm(const std::vector<double>& p) {
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
    std::vector<double> adjusted(p.size());
    double least = 0; // a larger p is never adjusted below a smaller one
    for (std::size_t step = 0; step < order.size(); ++step) {
        least =
            std::max(least, std::min(1.0, static_cast<double>(p.size() - step) * p[order[step]]));
        adjusted[order[step]] = least;
    }
    return adjusted;
}

Result<double> rank_biserial(const std::vector<double>& differences) {
    RIG_TRY(test, signed_rank(differences));
    return test.most == 0 ? 0.0 : 2 * test.statistic / test.most - 1;
}

Result<double> cliffs_delta(const std::vector<double>& values, const std::vector<double>& base) {
    RIG_TRY(test, mann_whitney(values, base));
    return 2 * test.statistic / test.most - 1;
}

Result<Interval> clopper_pearson(std::size_t hits, std::size_t trials, double coverage) {
    if (trials == 0 || hits > trials)
        return fail(FaultDomain::Host,
                    fmt::format("{} of {} trials, want at least one trial", hits, trials));
    const auto k = static_cast<double>(hits), n = static_cast<double>(trials),
               tail = (1 - coverage) / 2;
    Interval out{0, 1, coverage};
    if (hits > 0)
        out.low = boost::math::quantile(boost::math::beta_distribution<>(k, n - k + 1), tail);
    if (hits < trials)
        out.high = boost::math::quantile(
            boost::math::complement(boost::math::beta_distribution<>(k + 1, n - k), tail));
    return out;
}

} // namespace rig
