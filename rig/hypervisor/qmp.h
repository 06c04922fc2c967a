// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's machine protocol, as far as a guest that hangs is concerned. Blocking, with an end.
#pragma once

#include "rig/base/error.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace rig {

inline constexpr std::size_t kMaxSocketPath = 107; // sun_path of unix(7), without its final NUL

struct HungGuest {
    std::string registers;                    // of all its vCPUs
    std::vector<std::string> registers_again; // `looks` times, fewer if it went away
};

// Stops the guest, and returns its registers; lets it run on for a moment (kBetweenLooks) and reads
// them again, `looks` times. With `memory_dump` its memory is written there (dump-guest-memory, an
// ELF core without paging; boot/memory_dump.h adds what debuggers need). FaultDomain::Host, with
// QEMU's words, if the socket does not answer in time. `socket`: a QMP monitor nobody talks to.
Result<HungGuest> examine_hung_guest(const std::filesystem::path& socket,
                                     const std::filesystem::path& memory_dump, unsigned looks,
                                     std::chrono::seconds patience);

} // namespace rig
