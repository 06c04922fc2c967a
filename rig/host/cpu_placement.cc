// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/cpu_placement.h"

#include "rig/host/capacity.h"
#include "rig/host/cpu_binding.h"

#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>

namespace rig {
namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(500);
// Another rig that tries to claim CPUs holds some locks only for a moment, so try a few times
// before settling for fewer CPUs.
constexpr unsigned kLooksBeforeLess = 3;

} // namespace

Result<BootPlaces> take_places(const BootNeed& need, unsigned parallel, const HostShare& host,
                               Progress& progress, std::stop_token stop) {
    const CpuAllocationWish wish{parallel, host.share_cpus};
    const auto capacity = host.capacity ? host.capacity() : host_capacity();
    RIG_TRY(cpu_allocation, pack(capacity, need, wish));
    const bool wall = need.clock == GuestClock::Wall, alone = wall && !wish.share_cpus;
    const auto least = wall ? cpu_allocation.cpus_each : 1;
    CpuClaim claim;
    auto cpus = capacity.cpus;
    cpus.resize(cpu_allocation.cpus_wanted);
    if (!host.claims.empty()) {
        std::mutex mutex;
        std::condition_variable_any bell;
        std::unique_lock lock(mutex);
        bool told = false;
        for (unsigned looked = 1;; ++looked) {
            RIG_TRY(taken,
                    CpuClaim::take(host.claims, capacity.cpus, cpu_allocation.cpus_wanted,
                                   looked < kLooksBeforeLess ? cpu_allocation.cpus_wanted : least,
                                   alone ? Company::Alone : Company::Beside));
            claim = std::move(taken);
            if (!claim.cpus().empty()) break;
            if (!told && looked >= kLooksBeforeLess) {
                progress.start(
                    fmt::format("waiting for {} of the host's CPUs {}: other rigs boot on them "
                                "(lslocks shows which{})",
                                least, cpu_list(capacity.cpus),
                                alone ? "; --share-cpus goes on beside those that let it" : ""));
                told = true;
            }
            if (told) progress.advance(0); // updates the elapsed time
            bell.wait_for(lock, stop, kLookAgain, [] { return false; });
            if (stop.stop_requested()) {
                if (told) progress.interrupt();
                return fail(FaultDomain::Host,
                            "interrupted while waiting for host CPUs that other rigs "
                            "boot on; nothing was booted");
            }
        }
        if (told) progress.finish();
        cpus = claim.cpus();
    }
    BootPlaces out{places(cpu_allocation, need, wish, cpus), {}, std::move(claim)};
    out.facts.warnings = cpu_allocation.warnings;
    if (out.boots.size() < cpu_allocation.at_once)
        out.facts.warnings.push_back(
            fmt::format("{} boots at once in place of {}: other rigs boot on the host's other CPUs",
                        out.boots.size(), cpu_allocation.at_once));
    out.facts.at_once = static_cast<unsigned>(out.boots.size());
    if (wall)
        for (const auto& boot : out.boots)
            out.facts.cpus.push_back(cpu_list(boot));
    else
        out.facts.cpus.push_back(cpu_list(cpus));
    out.facts.pinned = wall && !cpus_of_vcpus(need.vcpus, out.boots.front()).empty();
    out.facts.shared = wall && !alone;
    return out;
}

} // namespace rig
