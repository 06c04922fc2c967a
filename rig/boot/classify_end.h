// SPDX-License-Identifier: GPL-2.0-or-later
// How the ways in which a boot can end (guest_output/boot_outcome.h) are told from one another.
// Pure.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/console_triage.h"
#include "rig/hypervisor/hypervisor.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace rig {

// What the channel said until the end.
struct ChannelEnd {
    bool ready = false, bye = false; // the agent's first and last words
    std::string failure, violation;
    std::string tasks{}; // artifact guest::kTasks, of a guest whose own deadline passed
};

// Free bytes of the file systems that take the console and the channel.
struct HostRoom {
    std::uintmax_t evidence = UINTMAX_MAX, scratch = UINTMAX_MAX;
};
// A boot is not begun with less: its console, channel and evidence take a few MiB, and a guest that
// floods is cut off later.
inline constexpr std::uintmax_t kRoomToBegin = 64u << 20;
// With less at its end what it wrote may be cut short.
inline constexpr std::uintmax_t kRoomAtEnd = 1u << 20;
Status room_to_begin(const HostRoom& room);

// Nothing if the boot came to its end. The order matters: the kernel's own words on its death come
// before the consequences, the host's faults before what a kernel said that went on all the same.
// `others_compute`: see by_registers().
Status classify_end(const GuestEnd& end, const ChannelEnd& channel, const ConsoleTriage& console,
                    const HostRoom& room, const std::filesystem::path& log,
                    std::chrono::seconds deadline, bool others_compute = false);

// For a boot that came to its end: that the kernel's log, as the agent read it from its first
// record on, holds no splat which the console was kept from showing, and lost none that it could
// have been kept from.
Status nothing_withheld(const ConsoleTriage& console, std::string_view kernel_log,
                        const std::filesystem::path& log);

// For such a boot: that nothing in it switched a detector of the kernel's off, or changed when it
// speaks. `switches`: artifact kDetectorSwitches of the guest. (One switched off and on again
// between its start and its end is not seen.)
Status no_detector_muted(const ConsoleTriage& console, std::string_view switches,
                         const std::filesystem::path& log);

} // namespace rig
