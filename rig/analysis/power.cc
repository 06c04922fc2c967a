// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/power.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace rig {

std::optional<std::size_t> boots_for_power(const MetricSpec& expect, const Estimate& ratio,
                                           std::size_t family, bool paired) {
    if (!ratio.interval || ratio.n == 0 || family == 0 || !(ratio.value > 0)) return std::nullopt;
    const auto [low, high] = bounds_of(expect);
    // The bound that the interval contains; of two, the nearer one.
    const auto distance_to = [&](double bound) { return std::abs(std::log(bound / ratio.value)); };
    const double bound = low > 0 && distance_to(low) < distance_to(high) ? low : high;
    const double edge = bound > ratio.value ? ratio.interval->high : ratio.interval->low;
    if (!(edge > 0) || std::isinf(edge)) return std::nullopt;
    const double distance = distance_to(bound), half_width = std::abs(std::log(edge / ratio.value));
    const boost::math::normal standard;
    const double z_interval = boost::math::quantile(standard, 0.5 + ratio.interval->coverage / 2);
    const double z_alpha =
        boost::math::quantile(standard, 1 - family_error / 2 / static_cast<double>(family));
    const double z_power = boost::math::quantile(standard, wanted_power);
    const double wanted = static_cast<double>(ratio.n) *
                          std::pow((z_alpha + z_power) / z_interval * half_width / distance, 2);
    if (!(wanted <= static_cast<double>(max_boots_asked)))
        return std::nullopt; // also for a distance of 0
    return std::max(boots_needed(family, paired), static_cast<std::size_t>(std::ceil(wanted)));
}

} // namespace rig
