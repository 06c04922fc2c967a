// SPDX-License-Identifier: GPL-2.0-or-later
// Which CPUs of the host which rig measures on: a flock(2) on a file for each CPU, in a folder that
// all rigs of the host know. It ends with its process, whatever kills that. Boots under the wall
// clock hold their CPUs alone; those that can bear company (the virtual clock, or
// --share-cpus) hold them beside others of their kind, never beside one that wants to be alone.
// Builds, probes and shells hold none.
#pragma once

#include "rig/base/error.h"
#include "rig/base/file_lock.h"

#include <filesystem>
#include <vector>

namespace rig {

enum class Company { Alone, Beside };

class CpuClaim {
 public:
    CpuClaim() = default; // of nothing
    // Tries once, never waits. Takes `wanted` of `cpus`: first those that nobody holds. Fewer than
    // `least` to be had: holds none, and `cpus()` is empty. FaultDomain::Host if the folder cannot
    // be made or the locks in it cannot be opened.
    static Result<CpuClaim> take(const std::filesystem::path& folder, const std::vector<int>& cpus,
                                 std::size_t wanted, std::size_t least, Company company);

    const std::vector<int>& cpus() const { return cpus_; } // ascending

 private:
    std::vector<int> cpus_;
    std::vector<FileLock> locks_;
};

// /run/lock/rig-cpus, which the rigs of all users see; where there is no /run/lock,
// $XDG_RUNTIME_DIR/rig-cpus; else `cache`/rig-cpus-HOST, for those of one cache.
std::filesystem::path cpu_claim_folder(const std::filesystem::path& cache);

} // namespace rig
