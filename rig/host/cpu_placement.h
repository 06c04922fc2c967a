// SPDX-License-Identifier: GPL-2.0-or-later
// Where the boots of a run go: looks at the host, packs, and holds the CPUs against other rigs.
#pragma once

#include "rig/base/progress.h"
#include "rig/host/cpu_allocation.h"
#include "rig/host/cpu_claim.h"

#include <filesystem>
#include <functional>
#include <stop_token>
#include <vector>

namespace rig {

// The host as rig shares it with others, wired in main.cc.
struct HostShare {
    bool share_cpus = false;                // CpuAllocationWish::share_cpus
    std::filesystem::path claims;           // cpu_claim_folder(); empty: no other rig is looked at
    std::function<HostCapacity()> capacity; // host_capacity(); by default its own
};

struct BootPlaces {
    std::vector<std::vector<int>> boots; // as many at once, each on these host CPUs
    RunCpuAllocation facts;
    CpuClaim claim; // held as long as this lives
};

// Waits, with progress, until the CPUs that are needed are nobody else's; `parallel`:
// CpuAllocationWish. FaultDomain::Host where a boot does not fit, the claims cannot be held, or
// `stop` came first.
Result<BootPlaces> take_places(const BootNeed& need, unsigned parallel, const HostShare& host,
                               Progress& progress, std::stop_token stop);

} // namespace rig
