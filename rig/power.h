// How many boots would have decided what was left undecided. Pure.
#pragma once

#include "rig/judge.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rig {

inline constexpr double wanted_power = 0.80;     // share of runs in which the bound is decided, either way
inline constexpr unsigned most_boots_asked = 96; // beyond this no number is named

// The fewest boots per arm with which `expect` is decided in wanted_power of runs, if further boots are like the ones at
// hand: runs of each size are drawn from them with putting back, and decided as one of `family` claims with the least
// level that Holm's correction can leave. nullopt: not even most_boots_asked are enough, or nothing is at hand. An
// estimate from few boots is a rough one; the same boots give the same number on every machine.
std::optional<std::size_t> boots_for_power(const MetricSpec& expect, const Contrast& contrast, std::size_t family);

} // namespace rig
