// SPDX-License-Identifier: GPL-2.0-or-later
// The first member of a pack: what the others are, with their SHA-256, and on what machine the run
// was made. Pure.
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct PackedFile {
    std::string name; // of a member; of a file of QEMU or rig: without folder
    std::uint64_t bytes = 0;
    std::string sha256;
    bool operator==(const PackedFile&) const = default;
};

struct PackedKernel {
    std::string arm;
    std::string image_sha256, system_map_sha256;
    bool pvh = false; // Kernel::pvh
};

// What one boot of the run was given.
struct PackedBoot {
    std::string arm;
    unsigned index = 0;
    std::string plan_sha256;       // of the agent's plan
    std::vector<std::string> qemu; // QEMU's command line, with names in the place of paths
    bool operator==(const PackedBoot&) const = default;
};

struct PackManifest {
    std::string run_id;      // [A-Za-z0-9._-]+, no path
    std::string packed;      // UTC
    std::string rig_version; // of the rig that packed
    bool with_kernels = true;
    std::string arch;
    std::string qemu_version;
    PackedFile qemu;                  // the program
    std::vector<PackedFile> firmware; // what QEMU loads by itself for this machine, by name
    // The plugin that counted the changed lines, if one did.
    std::optional<PackedFile> plugin;
    PackedFile initramfs; // of all boots, without a plan
    std::vector<PackedKernel> kernels;
    std::vector<PackedBoot> boots;   // in the order of the samples
    std::vector<PackedFile> members; // all other members, in their order
};

std::string manifest_text(const PackManifest& manifest);

// Strict: unknown keys, bad names or hashes, sizes beyond the limits of pack_archive.h, a member
// that is listed twice, or kernels that are not among the members are errors (FaultDomain::Spec,
// "manifest.json: ...").
Result<PackManifest> manifest_from_text(std::string_view text);

} // namespace rig
