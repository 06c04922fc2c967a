// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/cpu_allocation.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace rig {

Result<CpuAllocation> pack(const HostCapacity& host, const BootNeed& need,
                           const CpuAllocationWish& wish) {
    if (host.cpus.empty())
        return fail(FaultDomain::Host, "no CPU of the host may be used (sched_getaffinity)");
    const std::uint64_t mib = 1 << 20,
                        each = (std::uint64_t{need.memory_mib} + kQemuOverheadMib) * mib;
    const auto fit = host.memory / each;
    if (fit == 0)
        return fail(FaultDomain::Host,
                    fmt::format("a boot needs {} MiB (guest.memory_mib = {} and {} for QEMU), the "
                                "host has {} ({}): free some, or give the guest less",
                                each / mib, need.memory_mib, kQemuOverheadMib, host.memory / mib,
                                host.memory_limit));
    const bool wall = need.clock == GuestClock::Wall;
    const auto cpus = host.cpus.size();
    CpuAllocation out;
    out.cpus_each = wall ? std::min<std::size_t>(cpus, need.vcpus + 1) : 1;
    const auto slots = cpus / out.cpus_each;
    std::uint64_t wanted = wish.parallel;
    if (!wanted && wall) wanted = 1;
    if (!wanted)
        wanted = std::min<std::uint64_t>(cpus, host.quota ? std::max(1.0, std::floor(*host.quota))
                                                          : static_cast<double>(cpus));
    if (wall && !wish.share_cpus && wanted > slots) {
        out.warnings.push_back(
            fmt::format("{} boots at once were asked for, {} have host CPUs of their own ({} each, "
                        "{} CPUs); --share-cpus lets them share",
                        wanted, slots, out.cpus_each, cpus));
        wanted = slots;
    }
    if (wanted > fit) {
        if (wish.parallel)
            out.warnings.push_back(fmt::format(
                "{} boots at once were asked for, the memory holds {} ({} MiB each, {} MiB by {})",
                wanted, fit, each / mib, host.memory / mib, host.memory_limit));
        wanted = fit;
    }
    out.at_once = static_cast<unsigned>(wanted);
    out.cpus_wanted = std::min<std::size_t>(cpus, wanted * out.cpus_each);
    const auto busy = wanted * (wall ? need.vcpus : 1);
    const auto runs_on =
        host.quota ? std::min(*host.quota, static_cast<double>(cpus)) : static_cast<double>(cpus);
    if (static_cast<double>(busy) > runs_on)
        out.warnings.push_back(
            wall ? fmt::format("{} vCPUs on {:.3g} host CPUs: they wait for each other, and "
                               "latencies are longer for it",
                               busy, runs_on)
                 : fmt::format("{} boots at once on {:.3g} host CPUs: each is slower", busy,
                               runs_on));
    return out;
}

std::vector<std::vector<int>> places(const CpuAllocation& cpu_allocation, const BootNeed& need,
                                     const CpuAllocationWish& wish, const std::vector<int>& cpus) {
    const bool wall = need.clock == GuestClock::Wall;
    // If other rigs hold some CPUs, run fewer boots, unless the user requested their number.
    std::size_t boots = cpu_allocation.at_once;
    if (wall && !wish.share_cpus)
        boots = std::min(boots, std::max<std::size_t>(1, cpus.size() / cpu_allocation.cpus_each));
    if (!wall && !wish.parallel) boots = std::min(boots, cpus.size());
    std::vector<std::vector<int>> out(boots);
    for (std::size_t boot = 0; boot < boots; ++boot) {
        const auto each = wall ? std::min(cpu_allocation.cpus_each, cpus.size()) : cpus.size();
        for (std::size_t i = 0; i < each; ++i)
            out[boot].push_back(cpus[(wall ? boot * each + i : i) % cpus.size()]);
    }
    return out;
}

std::string cpu_list(const std::vector<int>& cpus) {
    std::string out;
    for (std::size_t i = 0; i < cpus.size();) {
        auto last = i;
        while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1)
            ++last;
        out += fmt::format("{}{}{}", out.empty() ? "" : ",", cpus[i],
                           last > i ? fmt::format("-{}", cpus[last]) : "");
        i = last + 1;
    }
    return out;
}

} // namespace rig
