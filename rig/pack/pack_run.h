// SPDX-License-Identifier: GPL-2.0-or-later
// Packs a stored run into one file (pack_archive.h).
#pragma once

#include "rig/base/error.h"
#include "rig/experiment/environment.h"
#include "rig/pack/pack_manifest.h"
#include "rig/results/run_store.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace rig {

struct PackOptions {
    std::filesystem::path out; // replaced as a whole
    // The kernels, their System.map and the initramfs are in the file, so that it can be replayed.
    // Without, only their hashes.
    bool with_kernels = true;
    std::filesystem::path top = "."; // the project, for patches and prebuilt images
};

struct Packed {
    PackManifest manifest;
    std::uint64_t bytes = 0;          // of the file
    std::uint64_t unpacked_bytes = 0; // of its members
    // Patches that are not in the file, because the project has them no longer or changed.
    std::size_t patches_missing = 0;
};

// The kernels and the initramfs come from the cache, and must have the hashes that the run
// recorded. QEMU, its firmware and the plugin are hashed as they are now; QEMU must have the
// version that ran. FaultDomain::Spec: a run that has not ended, or that was not emulated with the
// virtual clock. FaultDomain::Host: something is no longer there, or is another one.
Result<Packed> pack_run(const LoadedRun& run, const PackOptions& options,
                        const Environment& environment);

} // namespace rig
