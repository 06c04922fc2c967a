// SPDX-License-Identifier: GPL-2.0-or-later
// How many boots a host runs at once, and which of its CPUs each boot gets. Pure: the host's
// capacity is a parameter (host/capacity.h).
#pragma once

#include "rig/base/error.h"
#include "rig/base/guest_clock.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct HostCapacity {
    std::vector<int> cpus;       // CPUs that this process may run on, ascending
    std::optional<double> quota; // CPU time of its control group, in CPUs; nullopt: unlimited
    std::uint64_t memory = 0;    // bytes that are still available
    std::string memory_limit; // where that limit comes from: "MemAvailable", "memory.max of /a/b"
};

struct BootNeed {
    GuestClock clock = GuestClock::Virtual;
    unsigned vcpus = 0, memory_mib = 0; // of the guest
};

struct CpuAllocationWish {
    // Boots at once. 0: under the virtual clock as many as fit, under the wall clock one.
    unsigned parallel = 0;
    // Wall clock: boots may share host CPUs with each other and with other rigs' boots.
    bool share_cpus = false;
};

// Memory of QEMU beyond the guest's: its code, libraries and translated code. 113 MiB were measured
// (docs/evaluation/costs.md). Translated code grows with what a guest runs, so this is about twice
// as much.
inline constexpr unsigned kQemuOverheadMib = 256;

struct CpuAllocation {
    unsigned at_once = 1;
    // Virtual clock: one, because icount runs all vCPUs in one thread. Wall clock: one per vCPU and
    // one for QEMU, if the host has that many.
    std::size_t cpus_each = 1;
    std::size_t cpus_wanted = 1;       // host CPUs of all boots together
    std::vector<std::string> warnings; // what makes boots slower, or is less than requested
};

// How the boots of a run were placed on the host. This affects no result under the virtual clock;
// under the wall clock it may.
struct RunCpuAllocation {
    // Boots at once. 0: the run was made by a rig that did not record it, or by an engine.
    unsigned at_once = 0;
    // Wall clock: the host CPUs of each boot ("0-4"). Virtual clock: those of all boots.
    std::vector<std::string> cpus;
    bool pinned = false; // wall clock: each vCPU was pinned to its own CPU
    // Wall clock: other boots, of this run or of other rigs, may have run on the same CPUs
    // (--share-cpus).
    bool shared = false;
    std::vector<std::string> warnings; // what made boots slower, or was less than requested
};

// FaultDomain::Host if the memory is too small for a single boot, or if there is no CPU. Less than
// requested, or a host that is only too small to be fast, is a warning. Without `share_cpus` boots
// under the wall clock never overlap.
Result<CpuAllocation> pack(const HostCapacity& host, const BootNeed& need,
                           const CpuAllocationWish& wish);

// The host CPUs of each boot. `cpus` are the available CPUs, normally at least
// CpuAllocation::cpus_each; with fewer, a boot gets all of them. Virtual clock: each boot gets all
// CPUs, and uses the least used one (HostCpu). Wall clock: vCPU i runs on the i-th CPU of its boot,
// QEMU's other threads on all of them. Boots overlap only with `share_cpus`; without it there are
// only as many boots as do not overlap.
std::vector<std::vector<int>> places(const CpuAllocation& cpu_allocation, const BootNeed& need,
                                     const CpuAllocationWish& wish, const std::vector<int>& cpus);

// A set of CPUs as the kernel writes it: "0-3,8".
std::string cpu_list(const std::vector<int>& cpus);

} // namespace rig
