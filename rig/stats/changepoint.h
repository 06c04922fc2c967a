// SPDX-License-Identifier: GPL-2.0-or-later
// Finds where a series of values, one per run in the order of time, changed its level: E-divisive.
//
// D. S. Matteson and N. A. James, "A Nonparametric Approach for Multiple Change Point Analysis of
// Multivariate Data", Journal of the American Statistical Association 109 (2014), 334-345. A
// segment is split where the energy distance between its two parts (exponent alpha = 1) is largest.
// The split is tested by permuting the values within the segments found so far. The best split of
// all segments is taken first, and the search ends at the first split that is not significant. As
// in D. Daly et al., "The Use of Change Point Detection to Identify Software Performance
// Regressions in a Continuous Integration System", ICPE 2020, the second part of a split always
// reaches to the end of its segment. Pure: the permutations are drawn from a fixed seed, so that
// the same input gives the same result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rig {

struct ChangePointOptions {
    double significance = 0.05; // of each test
    std::size_t permutations = 199;
    std::size_t min_segment = 3; // fewest values on either side of a step: fewer are not a level
    // Smallest step that is reported, as |median after / median before - 1|. A step from or to a
    // median of 0 is always reported.
    double min_effect = 0;
    std::uint64_t seed = 1;
};

struct ChangePoint {
    std::size_t at = 0;           // index of the first value after the step
    double before = 0, after = 0; // medians of the segments on both sides
    // (permutations at least as extreme + 1) / (permutations + 1). Only a bound if the test ended
    // early.
    double p = 1;
};

// In the order of the series. Empty for fewer than 2 * min_segment values. Values must be finite.
// O(permutations * n^2): meant for some hundreds of values.
std::vector<ChangePoint> change_points(const std::vector<double>& series,
                                       const ChangePointOptions& options = {});

} // namespace rig
