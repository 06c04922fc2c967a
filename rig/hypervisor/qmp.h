// SPDX-License-Identifier: GPL-2.0-or-later
// A client of QEMU's machine protocol (QMP), for guests that hang. Blocking, with a time limit.
#pragma once

#include "rig/base/error.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace rig {

// Size of sun_path in unix(7), without the final NUL.
inline constexpr std::size_t kMaxSocketPath = 107;

struct HungGuest {
    std::string registers;                    // of all vCPUs
    std::vector<std::string> registers_again; // `looks` times; fewer if QEMU went away
};

// Stops the guest and returns its registers. Then `looks` times lets it run on for a moment
// (kBetweenLooks), stops it and reads them again. With `memory_dump`, the guest's memory is written
// to that file (dump-guest-memory, an ELF core without paging; boot/memory_dump.h adds what
// debuggers need). `socket` is a QMP monitor that nothing else uses. FaultDomain::Host, with QEMU's
// message, if the socket does not answer in time.
Result<HungGuest> examine_hung_guest(const std::filesystem::path& socket,
                                     const std::filesystem::path& memory_dump, unsigned looks,
                                     std::chrono::seconds patience);

} // namespace rig
