// SPDX-License-Identifier: GPL-2.0-or-later
// Rank tests and effect sizes for few boots, exact wherever it is affordable, ties included. Pure.
// Values must not be NaN.
//
// Exact means: the conditional distribution given the ranks that were seen, midranks for tied
// values among them. The tables in books are its special case without ties. Beyond max_exact the
// normal approximation, with the variance corrected for ties and a continuity correction.
#pragma once

#include "rig/stats/estimate.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace rig {

// The statistic and what lies as far out as it does, on either side.
struct RankTest {
    double statistic = 0; // W+: sum of the ranks of the positive differences; U: pairs in which the
                          // value is the larger
    double most = 0;      // the largest it could be
    double below = 1; // P(statistic <= the one seen) under the null: small if values are smaller
                      // than the null has it
    double above = 1; // P(statistic >= the one seen)
    double two_sided = 1; // min(1, 2 * the smaller)
    bool exact = true;
    std::size_t n = 0, m = 0; // signed rank: m = 0 and n = differences that count
    std::size_t zeros = 0;    // signed rank: differences of exactly zero
};

// What a difference of exactly zero (a value at exactly the bound) says.
//
//   Nothing   it is left out, as Wilcoxon does it: for "is there a difference"
//   Below     it counts as infinitesimally negative: for bounds that may be reached, "at most x"
//   Above     it counts as infinitesimally positive: for bounds that must be passed, "less than x"
//
// Below and Above keep the test valid: if the true shift is on the wrong side of the bound by any
// amount, moving every value by less than that leaves it on the wrong side.
enum class AtBound { Nothing, Below, Above };

// Wilcoxon's signed-rank test of "the differences are symmetric about zero". No difference that
// counts: p = 1.
Result<RankTest> signed_rank(const std::vector<double>& differences,
                             AtBound at_bound = AtBound::Nothing);

// Mann and Whitney's (Wilcoxon's rank-sum) test of "values and base come from the same
// distribution". Nothing: a value equal to a base value counts half. Below, Above: as less, as
// more.
Result<RankTest> mann_whitney(const std::vector<double>& values, const std::vector<double>& base,
                              AtBound at_bound = AtBound::Nothing);

// The least p one side of these tests can reach, whatever the data. n pairs; n and m values.
double min_p_signed_rank(std::size_t n);
double min_p_mann_whitney(std::size_t n, std::size_t m);

// The largest w with P(W+ <= w) <= `tail` for n differences without ties or zeros; nullopt if there
// is none.
std::optional<std::size_t> critical_w(std::size_t n, double tail);

// Hodges and Lehmann's estimate for pairs: the median of all averages of two differences (each with
// itself, too), with the interval that inverts the signed-rank test. None exists for n < 6. Assumes
// symmetric differences, which the interval of median_estimate() does not.
Result<Estimate> pseudomedian(const std::vector<double>& differences);

// Holm's step-down adjustment: which of several p-values are below alpha while the chance of one
// false alarm among all of them stays below alpha. In the order given; each at most 1.
std::vector<double> holm(const std::vector<double>& p);

// Matched-pairs rank-biserial correlation (Kerby's simple difference): share of the rank sum that
// is positive less the share that is negative; -1 = every boot fell, +1 = every boot rose; 0 if all
// differences are zero.
Result<double> rank_biserial(const std::vector<double>& differences);
// Cliff's delta: P(value > base) - P(value < base) over all pairs.
Result<double> cliffs_delta(const std::vector<double>& values, const std::vector<double>& base);

// The exact interval of Clopper and Pearson for a share of which `hits` of `trials` were seen.
// FaultDomain::Host for no trials.
Result<Interval> clopper_pearson(std::size_t hits, std::size_t trials,
                                 double coverage = wanted_coverage);

} // namespace rig
