// SPDX-License-Identifier: GPL-2.0-or-later
// Classifies how a boot ended (the outcomes are in guest_output/boot_outcome.h). Pure.
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

// What the agent sent over the channel until the end.
struct ChannelEnd {
    bool ready = false, bye = false; // the agent's first and last message arrived
    std::string failure, violation;
    // Artifact guest::kTasks, which the agent sends when its own deadline passes.
    std::string tasks{};
};

// Free bytes of the file systems that hold the console log (evidence) and the channel (scratch).
struct HostRoom {
    std::uintmax_t evidence = UINTMAX_MAX, scratch = UINTMAX_MAX;
};
// No boot starts with less free space. Console, channel and evidence take a few MiB; rig stops a
// guest that floods its console.
inline constexpr std::uintmax_t kRoomToBegin = 64u << 20;
// With less free space at the end of a boot, its files may be truncated.
inline constexpr std::uintmax_t kRoomAtEnd = 1u << 20;
Status room_to_begin(const HostRoom& room);

// Success if the boot completed. The order of the checks matters: first a cancelled boot, then the
// kernel's own last messages, which come before their consequences, then host faults, and last what
// a kernel reported that went on running. `others_compute`: see by_registers().
Status classify_end(const GuestEnd& end, const ChannelEnd& channel, const ConsoleTriage& console,
                    const HostRoom& room, const std::filesystem::path& log,
                    std::chrono::seconds deadline, bool others_compute = false);

// For a boot that completed: checks that the kernel log, which the agent read from its first record
// on, has no splat that is missing on the console. Also an error: no log, and a log that overran
// while the console shows no splat, since one may be missing in both.
Status nothing_withheld(const ConsoleTriage& console, std::string_view kernel_log,
                        const std::filesystem::path& log);

// For a boot that completed: checks that nothing in it turned off a kernel detector or changed when
// it fires. `switches` is artifact kDetectorSwitches of the guest. (A detector that was turned off
// and on again during the boot goes unnoticed.)
Status no_detector_muted(const ConsoleTriage& console, std::string_view switches,
                         const std::filesystem::path& log);

} // namespace rig
