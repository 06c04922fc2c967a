// SPDX-License-Identifier: GPL-2.0-or-later
// Statistics on few boots without assumptions about their distribution. Pure. Values must not be
// NaN; +infinity is allowed (a ratio to zero). Every function refuses empty input
// (FaultDomain::Host): there is no median of nothing.
#pragma once

#include "rig/base/error.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// The confidence wanted of every interval. Intervals report what they achieve, which is at least
// this.
inline constexpr double wanted_coverage = 0.95;

// Closed: [low, high] covers the true value with probability `coverage`, or more where values are
// tied.
struct Interval {
    double low = 0;
    double high = 0;
    double coverage = 0;
};

struct Estimate {
    double value = 0;
    std::size_t n = 0;                // pairs; for two unpaired samples the size of the smaller
    std::optional<Interval> interval; // nullopt: no interval of 95 % exists at this n, and
    std::string why_not;              // says so ("no interval at n = 5, want >= 6")
};

// The middle value, or the mean of the two middle ones.
Result<double> median(std::vector<double> values);
// Nearest rank (Hyndman and Fan's type 1): the smallest value that has at least a share `p` of the
// values at or below it; always one of the values. 0 < p <= 1.
Result<double> quantile(std::vector<double> values, double p);
Result<double> maximum(const std::vector<double>& values);
Result<double> mean(const std::vector<double>& values);

// The median and its distribution-free interval between the k-th smallest and the k-th largest
// value, k being the largest rank whose exact binomial coverage is at least 95 %. None exists for n
// < 6.
Result<Estimate> median_estimate(std::vector<double> values);

// value / base; 1 if both are zero, +infinity if only `base` is. Both must be >= 0.
double ratio_of(double value, double base);

// Median of value[i] - base[i], of value[i] / base[i] (as ratio_of), with the interval above. Sizes
// must be equal.
Result<Estimate> paired_difference(const std::vector<double>& values,
                                   const std::vector<double>& base);
Result<Estimate> paired_ratio(const std::vector<double>& values, const std::vector<double>& base);

// Unpaired: Hodges and Lehmann's shift, the median of all values[i] - base[j], with the interval
// that inverts the Mann-Whitney test. Up to 50 values per sample its rank comes from the exact
// distribution of U, beyond from the normal approximation; both without a correction for ties,
// which makes the interval wider than need be, never narrower. No interval below 5 values per
// sample.
Result<Estimate> shift(const std::vector<double>& values, const std::vector<double>& base);
// The same on the logarithmic scale, given as a factor: the median of all values[i] / base[j].
Result<Estimate> shift_ratio(const std::vector<double>& values, const std::vector<double>& base);

// The largest u with P(U <= u) <= 2.5 % for samples of n and m without ties; nullopt if there is
// none. `tail` is that probability. Shown for tests against published tables.
struct CriticalU {
    std::size_t u = 0;
    double tail = 0;
};
std::optional<CriticalU> critical_u(std::size_t n, std::size_t m);

} // namespace rig
