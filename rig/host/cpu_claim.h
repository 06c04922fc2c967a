// SPDX-License-Identifier: GPL-2.0-or-later
// Claims host CPUs, so that several rigs do not measure on the same ones. A claim is a flock(2) on
// a file for each CPU, in a folder that all rigs of the host know; it ends when its process dies.
// Boots under the wall clock hold their CPUs exclusively. Boots that tolerate others (virtual
// clock, or --share-cpus) share CPUs with their kind, but never with an exclusive claim. Builds,
// probes and shells claim nothing.
#pragma once

#include "rig/base/error.h"
#include "rig/base/file_lock.h"

#include <filesystem>
#include <vector>

namespace rig {

enum class Company { Alone, Beside };

class CpuClaim {
 public:
    CpuClaim() = default; // claims nothing
    // Tries once, without waiting. Claims `wanted` of `cpus`, unclaimed ones first. If fewer than
    // `least` are available, claims none, and `cpus()` is empty. FaultDomain::Host if the folder
    // cannot be created or the locks in it cannot be opened.
    static Result<CpuClaim> take(const std::filesystem::path& folder, const std::vector<int>& cpus,
                                 std::size_t wanted, std::size_t least, Company company);

    const std::vector<int>& cpus() const { return cpus_; } // ascending

 private:
    std::vector<int> cpus_;
    std::vector<FileLock> locks_;
};

// /run/lock/rig-cpus, which the rigs of all users share. If that is not writable:
// $XDG_RUNTIME_DIR/rig-cpus. Else `cache`/rig-cpus-HOST, shared by the rigs that use that cache.
std::filesystem::path cpu_claim_folder(const std::filesystem::path& cache);

} // namespace rig
