// SPDX-License-Identifier: GPL-2.0-or-later
// Places the boots of a run: reads the host's capacity, allocates CPUs and claims them against
// other rigs.
#pragma once

#include "rig/base/progress.h"
#include "rig/host/cpu_allocation.h"
#include "rig/host/cpu_claim.h"

#include <filesystem>
#include <functional>
#include <stop_token>
#include <vector>

namespace rig {

// How rig shares the host with others; set in main.cc.
struct HostShare {
    bool share_cpus = false;                // CpuAllocationWish::share_cpus
    std::filesystem::path claims;           // cpu_claim_folder(); empty: other rigs are ignored
    std::function<HostCapacity()> capacity; // host_capacity() if empty
};

struct BootPlaces {
    std::vector<std::vector<int>> boots; // one entry for each concurrent boot: its host CPUs
    RunCpuAllocation facts;
    CpuClaim claim; // held as long as this object lives
};

// Waits, with progress, until no other rig claims the CPUs that are needed. `parallel` is that of
// CpuAllocationWish. FaultDomain::Host if a boot does not fit, if the CPUs cannot be claimed, or if
// `stop` came first.
Result<BootPlaces> take_places(const BootNeed& need, unsigned parallel, const HostShare& host,
                               Progress& progress, std::stop_token stop);

} // namespace rig
