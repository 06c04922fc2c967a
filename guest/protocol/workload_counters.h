// SPDX-License-Identifier: GPL-2.0-or-later
// What workloads count themselves, by workload and name. One list for both sides: the workload's
// report is an array in this order, the host knows which names an experiment may ask for. Nothing
// here touches the host.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace rig::guest {

constexpr std::size_t kMaxCounters = 8;

inline constexpr std::string_view kGupRaceCounters[] = {
    "walks",       // pages that a walker got from the region and looked into
    "corruptions", // of these: what was there did not belong to the page asked for
};
enum GupRaceCounter : std::size_t { kWalks, kCorruptions };

constexpr std::span<const std::string_view> workload_counters(std::string_view workload) {
    if (workload == "gup_race") return kGupRaceCounters;
    return {};
}
static_assert(std::size(kGupRaceCounters) == kCorruptions + 1 &&
              std::size(kGupRaceCounters) <= kMaxCounters);

} // namespace rig::guest
