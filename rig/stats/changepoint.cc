// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/stats/changepoint.h"

#include "rig/base/random.h"
#include "rig/stats/estimate.h"

#include <algorithm>
#include <cmath>

namespace rig {
namespace {

struct Split {
    std::size_t at = 0;
    double statistic = 0; // 0: no split; the values are all equal or too few
};

// Finds the split of values[from, to) with the largest energy distance, in O(n^2). It keeps the
// sums of distances within the left part, within the right part and across, while one value after
// the other moves from right to left. Only a peak counts: if the distance still grows towards the
// end of the segment, the level that begins there is too short, and its start is not known yet.
Split best_split(const std::vector<double>& values, std::size_t from, std::size_t to,
                 std::size_t least) {
    Split best;
    const std::size_t n = to - from;
    if (n < 2 * least) return best;
    double left = 0, right = 0, across = 0;
    for (std::size_t i = from; i < to; ++i)
        for (std::size_t k = i + 1; k < to; ++k)
            right += std::abs(values[i] - values[k]);
    std::vector<double> statistics(n + 1, 0); // index: length of the left part
    for (std::size_t at = from; at + 1 < to; ++at) {
        double to_left = 0, to_right = 0;
        for (std::size_t i = from; i < at; ++i)
            to_left += std::abs(values[i] - values[at]);
        for (std::size_t k = at + 1; k < to; ++k)
            to_right += std::abs(values[k] - values[at]);
        left += to_left;
        right -= to_right;
        across += to_right - to_left;
        const auto m = static_cast<double>(at + 1 - from), k = static_cast<double>(n) - m;
        const double energy = 2 * across / (m * k) - (m > 1 ? 2 * left / (m * (m - 1)) : 0) -
                              (k > 1 ? 2 * right / (k * (k - 1)) : 0);
        statistics[at + 1 - from] = m * k / (m + k) * energy;
    }
    for (std::size_t m = least; m + least <= n; ++m)
        if (statistics[m] > best.statistic && statistics[m] >= statistics[m - 1] &&
            statistics[m] >= statistics[m + 1])
            best = {from + m, statistics[m]};
    return best;
}

Split best_of(const std::vector<double>& values, const std::vector<std::size_t>& bounds,
              std::size_t least) {
    Split best;
    for (std::size_t i = 0; i + 1 < bounds.size(); ++i)
        if (const auto split = best_split(values, bounds[i], bounds[i + 1], least);
            split.statistic > best.statistic)
            best = split;
    return best;
}

// p-value: the probability of a split at least as good if there is no change point, estimated by
// permuting the values within their segments. Stops as soon as the split cannot be significant.
double permutation_p(std::vector<double> values, const std::vector<std::size_t>& bounds,
                     double statistic, const ChangePointOptions& options, std::uint64_t& drawn) {
    const auto total = static_cast<double>(options.permutations + 1);
    std::size_t extreme = 1;
    for (std::size_t round = 0; round < options.permutations; ++round) {
        for (std::size_t i = 0; i + 1 < bounds.size(); ++i)
            // Fisher-Yates shuffle, written out because std::shuffle may differ between standard
            // libraries.
            for (std::size_t k = bounds[i + 1] - 1; k > bounds[i]; --k)
                std::swap(values[k],
                          values[bounds[i] + mix(options.seed, drawn++) % (k - bounds[i] + 1)]);
        extreme += best_of(values, bounds, options.min_segment).statistic >= statistic;
        if (static_cast<double>(extreme) / total > options.significance) break;
    }
    return static_cast<double>(extreme) / total;
}

double median_of(const std::vector<double>& series, std::size_t from, std::size_t to) {
    return *median(
        {series.begin() + static_cast<std::ptrdiff_t>(from),
         series.begin() + static_cast<std::ptrdiff_t>(to)}); // cannot fail: no segment is empty
}

} // namespace

std::vector<ChangePoint> change_points(const std::vector<double>& series,
                                       const ChangePointOptions& options) {
    std::vector<std::size_t> bounds{0, series.size()};
    std::vector<std::pair<std::size_t, double>> found;
    std::uint64_t drawn = 0;
    for (;;) {
        const auto split = best_of(series, bounds, options.min_segment);
        if (split.at == 0) break;
        const double p = permutation_p(series, bounds, split.statistic, options, drawn);
        if (p > options.significance) break;
        found.emplace_back(split.at, p);
        bounds.insert(std::upper_bound(bounds.begin(), bounds.end(), split.at), split.at);
    }
    std::sort(found.begin(), found.end());
    std::vector<ChangePoint> points;
    // Skip steps that are too small to report: their two segments count as one level for the
    // neighbours.
    std::size_t from = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto to = i + 1 < found.size() ? found[i + 1].first : series.size();
        const ChangePoint point{found[i].first, median_of(series, from, found[i].first),
                                median_of(series, found[i].first, to), found[i].second};
        const bool small = point.before != 0 && point.after != 0 &&
                           std::abs(point.after / point.before - 1) < options.min_effect;
        if (small) continue;
        points.push_back(point);
        from = point.at;
    }
    return points;
}

} // namespace rig
