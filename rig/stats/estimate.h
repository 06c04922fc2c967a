// SPDX-License-Identifier: GPL-2.0-or-later
// Statistics for few boots, without assumptions about the distribution. Pure. Values must not be
// NaN; +infinity is allowed (a ratio to zero). Every function refuses empty input
// (FaultDomain::Host): nothing has no median.
#pragma once

#include "rig/base/error.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// The confidence level requested of every interval. An interval reports the level that it achieves,
// which is at least this.
inline constexpr double wanted_coverage = 0.95;

// Closed interval: [low, high] covers the true value with probability `coverage`, or with a higher
// one if values are tied.
struct Interval {
    double low = 0;
    double high = 0;
    double coverage = 0;
};

struct Estimate {
    double value = 0;
    std::size_t n = 0; // number of pairs; for two unpaired samples the size of the smaller one
    std::optional<Interval> interval; // nullopt if no 95 % interval exists for this n
    std::string why_not;              // the reason then ("no interval at n = 5, want >= 6")
};

// The middle value, or the mean of the two middle values.
Result<double> median(std::vector<double> values);
// Nearest-rank quantile (Hyndman and Fan's type 1): the smallest value such that at least a share
// `p` of the values is at or below it. The result is always one of the values. 0 < p <= 1.
Result<double> quantile(std::vector<double> values, double p);
Result<double> maximum(const std::vector<double>& values);
Result<double> mean(const std::vector<double>& values);

// The median and its distribution-free interval, from the k-th smallest to the k-th largest value.
// k is the largest rank whose exact binomial coverage is at least 95 %. There is no such interval
// for n < 6.
Result<Estimate> median_estimate(std::vector<double> values);

// value / base; 1 if both are zero, +infinity if only `base` is zero. Both must be >= 0.
double ratio_of(double value, double base);

// Median of value[i] - base[i], or of value[i] / base[i] (see ratio_of()), with the interval of
// median_estimate(). Sizes must be equal.
Result<Estimate> paired_difference(const std::vector<double>& values,
                                   const std::vector<double>& base);
Result<Estimate> paired_ratio(const std::vector<double>& values, const std::vector<double>& base);

// For unpaired samples: Hodges and Lehmann's shift, which is the median of all values[i] - base[j],
// with the interval from inverting the Mann-Whitney test. The interval's rank comes from the exact
// distribution of U for up to 50 values per sample, and from the normal approximation for more.
// Neither corrects for ties, which can make the interval wider than necessary, but never narrower.
// There is no interval for fewer than 5 values per sample.
Result<Estimate> shift(const std::vector<double>& values, const std::vector<double>& base);
// Like shift(), on the logarithmic scale: the result is a factor, the median of all values[i] /
// base[j].
Result<Estimate> shift_ratio(const std::vector<double>& values, const std::vector<double>& base);

// The largest u with P(U <= u) <= 2.5 % for samples of n and m values without ties; nullopt if
// there is none. `tail` is that probability. Public so that tests can compare it with published
// tables.
struct CriticalU {
    std::size_t u = 0;
    double tail = 0;
};
std::optional<CriticalU> critical_u(std::size_t n, std::size_t m);

} // namespace rig
