// SPDX-License-Identifier: GPL-2.0-or-later
// How many boots would have decided what was left undecided. Pure.
#pragma once

#include "rig/analysis/bound_tests.h"

#include <cstddef>
#include <optional>

namespace rig {

inline constexpr double wanted_power =
    0.80; // share of runs in which the bound is decided, either way
inline constexpr std::size_t max_boots_asked = 1000; // beyond this no number is named

// The boots per arm with which `expect` is decided in wanted_power of runs, if its ratio is what
// `ratio` estimates and further boots vary as those at hand. From the interval: its half width
// towards the bound, on the logarithm, shrinks with the root of the number of boots, and has to fit
// (z_alpha + z_power) / z_alpha times into the distance between estimate and bound (the normal
// approximation of every sample-size formula, e.g. Cohen, "Statistical Power Analysis", 2nd ed.
// 1988, ch. 2), alpha being that of one of `family` claims. Never fewer than can decide at all.
// Rough, as any estimate from few boots. nullopt: more than max_boots_asked, or no interval.
std::optional<std::size_t> boots_for_power(const MetricSpec& expect, const Estimate& ratio,
                                           std::size_t family, bool paired);

} // namespace rig
