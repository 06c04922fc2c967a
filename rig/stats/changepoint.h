// SPDX-License-Identifier: GPL-2.0-or-later
// Where a series of figures, one per run in the order of time, changed its level: E-divisive.
//
// D. S. Matteson and N. A. James, "A Nonparametric Approach for Multiple Change Point Analysis of
// Multivariate Data", Journal of the American Statistical Association 109 (2014), 334-345: the
// split of a segment that maximises the energy distance between its two parts (exponent alpha = 1),
// tested by permuting the values within the segments found so far; the best split of all segments
// is taken first, and the search ends with the first that is not significant. As in D. Daly et al.,
// "The Use of Change Point Detection to Identify Software Performance Regressions in a Continuous
// Integration System", ICPE 2020, the second part of a split always reaches to the end of its
// segment. Pure; the same input gives the same answer, since the permutations are drawn from a
// fixed seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rig {

struct ChangePointOptions {
    double significance = 0.05; // of each test
    std::size_t permutations = 199;
    std::size_t min_segment = 3; // values on either side: fewer are no level
    double min_effect = 0; // |median after / median before - 1|; smaller steps are not told. From
                           // or to a median of 0 is never too small
    std::uint64_t seed = 1;
};

struct ChangePoint {
    std::size_t at = 0;           // index of the first value after it
    double before = 0, after = 0; // medians of the segments on both sides
    double p = 1; // (permutations at least as extreme + 1) / (permutations + 1); a bound where the
                  // test ended early
};

// In the order of the series. Empty for fewer than 2 * min_segment values. Values must be finite.
// O(permutations * n^2): meant for some hundreds of values.
std::vector<ChangePoint> change_points(const std::vector<double>& series,
                                       const ChangePointOptions& options = {});

} // namespace rig
