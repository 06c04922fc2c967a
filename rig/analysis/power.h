// SPDX-License-Identifier: GPL-2.0-or-later
// How many boots would have decided an undecided expectation. Pure.
#pragma once

#include "rig/analysis/bound_tests.h"

#include <cstddef>
#include <optional>

namespace rig {

inline constexpr double wanted_power = 0.80; // share of runs that decide the bound, either way
inline constexpr std::size_t max_boots_asked = 1000; // no larger number is suggested

// The number of boots per arm with which wanted_power of runs decide `expect`, if the true ratio is
// the estimate `ratio` and further boots vary like the present ones. Derived from the interval: its
// half width towards the bound, on a logarithmic scale, shrinks with the square root of the number
// of boots, and has to fit (z_alpha + z_power) / z_alpha times into the distance between estimate
// and bound (the normal approximation of every sample-size formula, e.g. Cohen, "Statistical Power
// Analysis", 2nd ed. 1988, ch. 2). alpha is that of one of `family` claims. Never fewer boots than
// a decision needs at all. A rough value, like every estimate from few boots. nullopt: more than
// max_boots_asked, or no interval.
std::optional<std::size_t> boots_for_power(const MetricSpec& expect, const Estimate& ratio,
                                           std::size_t family, bool paired);

} // namespace rig
