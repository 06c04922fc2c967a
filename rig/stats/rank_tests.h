// SPDX-License-Identifier: GPL-2.0-or-later
// Rank tests and effect sizes for few boots, exact wherever that is affordable, also with ties.
// Pure. Values must not be NaN.
//
// "Exact" means the conditional distribution given the observed ranks, with midranks for tied
// values. The tables in books are the special case without ties. Above max_exact values the tests
// use the normal approximation, with the variance corrected for ties and a continuity correction.
#pragma once

#include "rig/stats/estimate.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace rig {

// A test statistic, and the probabilities of values at least as extreme, on either side.
struct RankTest {
    double statistic = 0; // W+: sum of the ranks of positive differences; U: pairs in which the
                          // value is the larger
    double most = 0;      // its largest possible value
    double below = 1; // P(statistic <= observed) under the null hypothesis: small if the values are
                      // too small for it
    double above = 1; // P(statistic >= observed)
    double two_sided = 1; // min(1, 2 * the smaller of the two)
    bool exact = true;
    std::size_t n = 0, m = 0; // signed rank: n = number of differences used, m = 0
    std::size_t zeros = 0;    // signed rank: number of differences of exactly zero
};

// How a difference of exactly zero (a value exactly at the bound) counts.
//
//   Nothing   it is left out, as in Wilcoxon's test: for "is there a difference"
//   Below     it counts as infinitesimally negative: for bounds that may be reached, "at most x"
//   Above     it counts as infinitesimally positive: for bounds that must be passed, "less than x"
//
// Below and Above keep the test valid: if the true shift is on the wrong side of the bound by any
// amount, moving every value by less than that amount leaves it on the wrong side.
enum class AtBound { Nothing, Below, Above };

// Wilcoxon's signed-rank test of the null hypothesis that the differences are symmetric about zero.
// p = 1 if no difference counts.
Result<RankTest> signed_rank(const std::vector<double>& differences,
                             AtBound at_bound = AtBound::Nothing);

// The Mann-Whitney test (Wilcoxon's rank-sum test) of the null hypothesis that values and base come
// from the same distribution. A value equal to a base value counts as half (Nothing), as less
// (Below) or as more (Above).
Result<RankTest> mann_whitney(const std::vector<double>& values, const std::vector<double>& base,
                              AtBound at_bound = AtBound::Nothing);

// The smallest one-sided p that these tests can reach with any data: for n pairs; for n and m
// values.
double min_p_signed_rank(std::size_t n);
double min_p_mann_whitney(std::size_t n, std::size_t m);

// The largest w with P(W+ <= w) <= `tail` for n differences without ties or zeros; nullopt if there
// is none.
std::optional<std::size_t> critical_w(std::size_t n, double tail);

// Hodges and Lehmann's estimate for pairs: the median of the averages of all pairs of differences
// (each difference also with itself), with the interval from inverting the signed-rank test. There
// is no interval for n < 6. The interval assumes symmetric differences; that of median_estimate()
// does not.
Result<Estimate> pseudomedian(const std::vector<double>& differences);

// Holm's step-down adjustment of several p-values, so that the probability of any false positive
// among them stays below alpha. In the order given; each result is at most 1.
std::vector<double> holm(const std::vector<double>& p);

// Matched-pairs rank-biserial correlation (Kerby's simple difference): the positive share of the
// rank sum minus the negative share. -1 = every boot fell, +1 = every boot rose; 0 if all
// differences are zero.
Result<double> rank_biserial(const std::vector<double>& differences);
// Cliff's delta: P(value > base) - P(value < base) over all pairs.
Result<double> cliffs_delta(const std::vector<double>& values, const std::vector<double>& base);

// The exact Clopper-Pearson interval of a proportion, of which `hits` of `trials` were observed.
// FaultDomain::Host if there are no trials.
Result<Interval> clopper_pearson(std::size_t hits, std::size_t trials,
                                 double coverage = wanted_coverage);

} // namespace rig
