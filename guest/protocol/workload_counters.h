// SPDX-License-Identifier: GPL-2.0-or-later
// The workloads' own counters, by workload and name. Both sides use this list: the workload's
// report is an array in this order, and the host knows which names an experiment may use. This code
// accesses nothing of the host.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace rig::guest {

constexpr std::size_t kMaxCounters = 8;

inline constexpr std::string_view kGupRaceCounters[] = {
    "walks",       // pages that a walker got from the region and checked
    "corruptions", // those of them whose content did not belong to the requested page
};
enum GupRaceCounter : std::size_t { kWalks, kCorruptions };

constexpr std::span<const std::string_view> workload_counters(std::string_view workload) {
    if (workload == "gup_race") return kGupRaceCounters;
    return {};
}
static_assert(std::size(kGupRaceCounters) == kCorruptions + 1 &&
              std::size(kGupRaceCounters) <= kMaxCounters);

} // namespace rig::guest
