// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/stats/estimate.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cassert>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace rig {
namespace {

constexpr double tail = (1 - wanted_coverage) / 2; // on either side of an interval
// A 95 % interval of U already exists from 4 values on, but it depends on the two outermost values
// only: one odd boot would decide.
constexpr std::size_t min_unpaired = 5;
// The exact distribution of U takes n * m * n * m steps: 6 million for this size. Above it, the
// rank from the normal approximation is exact or off by one at most.
constexpr std::size_t max_exact = 50;

tl::unexpected<Error> empty(const char* what) {
    return fail(FaultDomain::Host, fmt::format("{} of no values, want at least one", what));
}

bool usable(const std::vector<double>& values) {
    return std::none_of(values.begin(), values.end(), [](double v) { return std::isnan(v); });
}

// The mean of two values; both may be infinite.
double between(double low, double high) {
    return low == high ? low : low + (high - low) / 2;
}

double median_of_sorted(const std::vector<double>& sorted) {
    auto half = sorted.size() / 2;
    return sorted.size() % 2 ? sorted[half] : between(sorted[half - 1], sorted[half]);
}

// For each u, the share of arrangements of n and m values without ties in which U = u. Uses Mann
// and Whitney's recursion on the sample that holds the largest value: N(n, m, u) = N(n-1, m, u-m) +
// N(n, m-1, u). Shares, unlike counts, fit in a double. All terms are positive, so that nothing
// cancels.
std::vector<double> distribution_of_u(std::size_t n, std::size_t m) {
    // Row of the current i.
    std::vector<std::vector<double>> row(m + 1, std::vector<double>(n * m + 1, 0.0));
    for (std::size_t j = 0; j <= m; ++j)
        row[j][0] = 1; // i = 0: U is 0
    for (std::size_t i = 1; i <= n; ++i) {
        auto previous = row;
        std::fill(row[0].begin(), row[0].end(), 0.0);
        row[0][0] = 1;
        for (std::size_t j = 1; j <= m; ++j) {
            double from_n = static_cast<double>(i) / static_cast<double>(i + j);
            for (std::size_t u = 0; u <= i * j; ++u)
                row[j][u] =
                    (1 - from_n) * row[j - 1][u] + (u >= j ? from_n * previous[j][u - j] : 0.0);
        }
    }
    return row[m];
}

std::optional<CriticalU> exact_critical_u(std::size_t n, std::size_t m) {
    auto share = distribution_of_u(n, m);
    std::optional<CriticalU> best;
    double sum = 0;
    for (std::size_t u = 0; u < share.size(); ++u) {
        sum += share[u];
        if (sum > tail) break;
        best = CriticalU{u, sum};
    }
    return best;
}

std::optional<CriticalU> normal_critical_u(std::size_t n, std::size_t m) {
    auto dn = static_cast<double>(n), dm = static_cast<double>(m);
    boost::math::normal u_distribution(dn * dm / 2, std::sqrt(dn * dm * (dn + dm + 1) / 12));
    auto u = std::floor(boost::math::quantile(u_distribution, tail) -
                        0.5); // continuity correction: P(U <= u) is taken at u + 1/2
    if (u < 0) return std::nullopt;
    return CriticalU{static_cast<std::size_t>(u), boost::math::cdf(u_distribution, u + 0.5)};
}

// Median and interval from the sorted combinations of every value with every base value.
Estimate unpaired(std::vector<double> combined, double value, std::size_t n, std::size_t m) {
    Estimate out;
    out.value = value;
    out.n = std::min(n, m);
    if (out.n < min_unpaired) {
        out.why_not =
            fmt::format("no interval at n = {} and {}, want >= {} in both", m, n, min_unpaired);
        return out;
    }
    auto critical = critical_u(n, m); // always exists for 5 and more values
    assert(critical);
    out.interval = Interval{combined[critical->u], combined[combined.size() - 1 - critical->u],
                            1 - 2 * critical->tail};
    return out;
}

template<class Combine>
std::vector<double> all_pairs(const std::vector<double>& values, const std::vector<double>& base,
                              Combine combine) {
    std::vector<double> out;
    out.reserve(values.size() * base.size());
    for (double value : values)
        for (double other : base)
            out.push_back(combine(value, other));
    std::sort(out.begin(), out.end());
    return out;
}

template<class Combine>
Result<Estimate> paired(const std::vector<double>& values, const std::vector<double>& base,
                        Combine combine) {
    if (values.size() != base.size())
        return fail(FaultDomain::Host,
                    fmt::format("{} values against {}, want pairs", values.size(), base.size()));
    std::vector<double> combined(values.size());
    std::transform(values.begin(), values.end(), base.begin(), combined.begin(), combine);
    return median_estimate(std::move(combined));
}

} // namespace

Result<double> median(std::vector<double> values) {
    if (values.empty()) return empty("median");
    assert(usable(values));
    std::sort(values.begin(), values.end());
    return median_of_sorted(values);
}

Result<double> quantile(std::vector<double> values, double p) {
    if (values.empty()) return empty("quantile");
    if (!(p > 0 && p <= 1))
        return fail(FaultDomain::Host, fmt::format("quantile {}, want above 0 and at most 1", p));
    assert(usable(values));
    // The rank is ceil(p * n). But 0.07 * 100 is 7.000000000000001 in binary, so a product that is
    // this close to a whole number counts as that number.
    auto rank =
        static_cast<std::size_t>(std::ceil(p * static_cast<double>(values.size()) * (1 - 1e-12)));
    rank = std::clamp<std::size_t>(rank, 1, values.size());
    auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(values.begin(), nth, values.end());
    return *nth;
}

Result<double> maximum(const std::vector<double>& values) {
    if (values.empty()) return empty("maximum");
    assert(usable(values));
    return *std::max_element(values.begin(), values.end());
}

Result<double> mean(const std::vector<double>& values) {
    if (values.empty()) return empty("mean");
    assert(usable(values));
    double sum = 0; // values are nanoseconds below 2^53: exact enough in any order
    for (double value : values)
        sum += value;
    return sum / static_cast<double>(values.size());
}

Result<Estimate> median_estimate(std::vector<double> values) {
    if (values.empty()) return empty("median");
    assert(usable(values));
    std::sort(values.begin(), values.end());
    Estimate out;
    out.value = median_of_sorted(values);
    out.n = values.size();
    // The interval lies above the median if fewer than k values are below the median: P(B <= k -
    // 1), B ~ binomial(n, 1/2).
    boost::math::binomial below(static_cast<double>(out.n), 0.5);
    std::size_t k = 0;
    while (k + 1 <= out.n / 2 && boost::math::cdf(below, static_cast<double>(k)) <= tail)
        ++k;
    if (k == 0) {
        out.why_not = fmt::format("no interval at n = {}, want >= 6", out.n);
        return out;
    }
    out.interval = Interval{values[k - 1], values[out.n - k],
                            1 - 2 * boost::math::cdf(below, static_cast<double>(k - 1))};
    return out;
}

double ratio_of(double value, double base) {
    assert(value >= 0 && base >= 0);
    if (base == 0) return value == 0 ? 1 : std::numeric_limits<double>::infinity();
    return value / base;
}

Result<Estimate> paired_difference(const std::vector<double>& values,
                                   const std::vector<double>& base) {
    return paired(values, base, [](double a, double b) { return a - b; });
}

Result<Estimate> paired_ratio(const std::vector<double>& values, const std::vector<double>& base) {
    return paired(values, base, ratio_of);
}

std::optional<CriticalU> critical_u(std::size_t n, std::size_t m) {
    return n <= max_exact && m <= max_exact ? exact_critical_u(n, m) : normal_critical_u(n, m);
}

Result<Estimate> shift(const std::vector<double>& values, const std::vector<double>& base) {
    if (values.empty() || base.empty()) return empty("shift");
    assert(usable(values) && usable(base));
    auto combined = all_pairs(values, base, [](double a, double b) { return a - b; });
    auto value = median_of_sorted(combined);
    return unpaired(std::move(combined), value, values.size(), base.size());
}

Result<Estimate> shift_ratio(const std::vector<double>& values, const std::vector<double>& base) {
    if (values.empty() || base.empty()) return empty("shift");
    assert(usable(values) && usable(base));
    // Ratios have the same order as their logarithms. The scale matters only for the mean of two
    // middle values.
    auto combined = all_pairs(values, base, ratio_of);
    auto half = combined.size() / 2;
    auto value = combined[half];
    if (combined.size() % 2 == 0 && combined[half - 1] != value)
        value = std::isinf(value) ? value : std::sqrt(combined[half - 1] * value);
    return unpaired(std::move(combined), value, values.size(), base.size());
}

} // namespace rig
