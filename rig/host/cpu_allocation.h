// SPDX-License-Identifier: GPL-2.0-or-later
// How many boots a host takes at once, and which of its CPUs each gets. Pure: what the host has is
// handed in (host/host_capacity.h).
#pragma once

#include "rig/base/error.h"
#include "rig/base/guest_clock.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct HostCapacity {
    std::vector<int> cpus;       // that this process may run on, ascending
    std::optional<double> quota; // how many CPUs' time its control group gets; nullopt: that of all
    std::uint64_t memory = 0;    // bytes that can still be had
    std::string memory_limit;    // what says so: "MemAvailable", "memory.max of /a/b"
};

struct BootNeed {
    GuestClock clock = GuestClock::Virtual;
    unsigned vcpus = 0, memory_mib = 0; // of the guest
};

struct CpuAllocationWish {
    unsigned parallel =
        0; // boots at once; 0: as many as fit under the virtual clock, one under the wall clock
    bool share_cpus =
        false; // wall clock: boots may share host CPUs with each other and with other rigs' boots
};

// What QEMU takes beside the guest's memory: its code and libraries, and the translated guest. 113
// MiB were seen (docs/evaluation/costs.md); translated code grows with what a guest runs, so that
// it is taken twice.
inline constexpr unsigned kQemuOverheadMib = 256;

struct CpuAllocation {
    unsigned at_once = 1;
    std::size_t cpus_each = 1;   // virtual clock: one, since icount has one thread for all vCPUs;
                                 // wall clock: one per vCPU and one for QEMU, if the host has them
    std::size_t cpus_wanted = 1; // host CPUs of all of them
    std::vector<std::string> warnings; // what is slower, or less than was asked for
};

// How the boots of a run were laid out on the host. Decides no figure under the virtual clock;
// under the wall clock it may.
struct RunCpuAllocation {
    unsigned at_once = 0; // boots side by side; 0: a run of a rig that did not say, or by an engine
    std::vector<std::string>
        cpus; // wall clock: the host CPUs of each of them ("0-4"); virtual clock: of all of them
    bool pinned = false; // wall clock: each vCPU kept to a CPU of its own
    bool shared = false; // wall clock: others, boots of this run or of other rigs, may have run on
                         // the same CPUs (--share-cpus)
    std::vector<std::string> warnings; // what is slower for it, or less than was asked for
};

// FaultDomain::Host if not even one boot fits into the memory, or there is no CPU. Less than was
// asked for, or a host that is merely too small to be fast, is a warning. Without `share_cpus`
// boots under the wall clock never overlap.
Result<CpuAllocation> pack(const HostCapacity& host, const BootNeed& need,
                           const CpuAllocationWish& wish);

// The host CPUs of each boot, given those that could be had (`cpus`, at least packing.cpus_each,
// else all are everybody's). Virtual clock: each gets all and takes the one that is least used
// (HostCpu). Under the wall clock vCPU i is for the i-th, QEMU's other threads for all, and boots
// overlap only where `share_cpus` lets them; without it there are as many places as do not.
std::vector<std::vector<int>> places(const CpuAllocation& cpu_allocation, const BootNeed& need,
                                     const CpuAllocationWish& wish, const std::vector<int>& cpus);

// "0-3,8": as the kernel writes sets of CPUs.
std::string cpu_list(const std::vector<int>& cpus);

} // namespace rig
