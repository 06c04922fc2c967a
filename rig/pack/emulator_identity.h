// SPDX-License-Identifier: GPL-2.0-or-later
// What the emulator of this host is, in bytes: the program, and the firmware that it loads by
// itself for a machine.
#pragma once

#include "rig/base/error.h"
#include "rig/experiment/environment.h"
#include "rig/hypervisor/hypervisor.h"
#include "rig/pack/pack_manifest.h"

#include <filesystem>
#include <string_view>
#include <vector>

namespace rig {

struct EmulatorIdentity {
    std::string version;
    PackedFile qemu;
    std::vector<PackedFile> firmware; // ascending by name
};

// The files that QEMU names in the output of its monitor's "info roms" and that it has in one of
// `folders` (the output of -L help, a folder a line): names without a folder, ascending. Pure
// except for the look into the folders.
std::vector<std::filesystem::path> firmware_files(std::string_view info_roms,
                                                  std::string_view folders);

// Starts QEMU for `request`, stopped before the first instruction, and asks it what it loaded.
// FaultDomain::Host if QEMU is missing, does not start, or cannot emulate (no TCG).
Result<EmulatorIdentity> identify_emulator(const BootRequest& request,
                                           const Environment& environment);

// Name, size and SHA-256 of a file on this host.
Result<PackedFile> packed_file(const std::filesystem::path& file);

} // namespace rig
