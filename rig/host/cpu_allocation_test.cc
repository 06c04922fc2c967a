// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/cpu_allocation.h"

#include <gtest/gtest.h>
#include <numeric>

namespace rig {
namespace {

constexpr std::uint64_t kMib = 1 << 20, kBoot = (512 + kQemuOverheadMib) * kMib;

HostCapacity host(unsigned cpus, std::uint64_t memory = 64ull << 30) {
    HostCapacity out;
    out.cpus.resize(cpus);
    std::iota(out.cpus.begin(), out.cpus.end(), 0);
    out.memory = memory;
    out.memory_limit = "MemAvailable";
    return out;
}
constexpr BootNeed kVirtual{GuestClock::Virtual, 4, 512}, kWall{GuestClock::Wall, 4, 512};

TEST(CpuAllocation, VirtualClockTakesACpuABootAsFarAsMemoryGoes) {
    EXPECT_EQ(pack(host(8), kVirtual, {})->at_once, 8u);
    EXPECT_TRUE(pack(host(8), kVirtual, {})->warnings.empty());
    EXPECT_EQ(pack(host(8, 3 * kBoot), kVirtual, {})->at_once, 3u);
    EXPECT_EQ(pack(host(8, 3 * kBoot - 1), kVirtual, {})->at_once, 2u);
    auto limited = host(8);
    limited.quota = 2.5;
    EXPECT_EQ(pack(limited, kVirtual, {})->at_once, 2u);
    limited.quota = 0.5;
    const auto slow = pack(limited, kVirtual, {});
    EXPECT_EQ(slow->at_once, 1u);
    ASSERT_EQ(slow->warnings.size(), 1u);
    EXPECT_EQ(slow->warnings[0], "1 boots at once on 0.5 host CPUs: each is slower");
}

TEST(CpuAllocation, WhatDoesNotFitAtAllIsTheHostsFault) {
    const auto none = pack(host(8, kBoot - 1), kVirtual, {});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(none.error().message,
              "a boot needs 768 MiB (guest.memory_mib = 512 and 256 for QEMU), the host has 767 "
              "(MemAvailable): free some, or give the guest less");
    EXPECT_TRUE(pack(host(8, kBoot), kVirtual, {}));
    EXPECT_FALSE(pack(host(0), kVirtual, {}));
}

TEST(CpuAllocation, WhatIsAskedForIsGivenUnlessItCannotBe) {
    const auto more = pack(host(2), kVirtual, {5, false});
    EXPECT_EQ(more->at_once, 5u);
    EXPECT_EQ(more->cpus_wanted, 2u);
    ASSERT_EQ(more->warnings.size(), 1u);
    EXPECT_EQ(more->warnings[0], "5 boots at once on 2 host CPUs: each is slower");
    const auto full = pack(host(8, 2 * kBoot), kVirtual, {5, false});
    EXPECT_EQ(full->at_once, 2u);
    ASSERT_EQ(full->warnings.size(), 1u);
    EXPECT_EQ(full->warnings[0], "5 boots at once were asked for, the memory holds 2 (768 MiB "
                                 "each, 1536 MiB by MemAvailable)");
}

TEST(CpuAllocation, WallClockBootsGoOneAtATimeUnlessAsked) {
    const auto one = pack(host(16), kWall, {});
    EXPECT_EQ(one->at_once, 1u);
    EXPECT_EQ(one->cpus_each, 5u) << "one for QEMU";
    EXPECT_EQ(one->cpus_wanted, 5u);
    EXPECT_TRUE(one->warnings.empty());
    const auto three = pack(host(16), kWall, {3, false});
    EXPECT_EQ(three->at_once, 3u);
    EXPECT_TRUE(three->warnings.empty());
    const auto fewer = pack(host(14), kWall, {3, false});
    EXPECT_EQ(fewer->at_once, 2u);
    ASSERT_EQ(fewer->warnings.size(), 1u);
    EXPECT_EQ(fewer->warnings[0], "3 boots at once were asked for, 2 have host CPUs of their own "
                                  "(5 each, 14 CPUs); --share-cpus lets them share");
    const auto shared = pack(host(8), kWall, {3, true});
    EXPECT_EQ(shared->at_once, 3u);
    ASSERT_EQ(shared->warnings.size(), 1u);
    EXPECT_EQ(shared->warnings[0],
              "12 vCPUs on 8 host CPUs: they wait for each other, and latencies are longer for it");
    const auto small = pack(host(2), kWall, {});
    EXPECT_EQ(small->cpus_each, 2u);
    EXPECT_EQ(small->warnings.size(), 1u);
    EXPECT_TRUE(pack(host(4), kWall, {})->warnings.empty());
}

using Places = std::vector<std::vector<int>>;

TEST(CpuAllocation, WallClockPlacesAreDisjointUnlessShared) {
    EXPECT_EQ(places(*pack(host(11), kWall, {2, false}), kWall, {2, false},
                     {0, 1, 2, 3, 4, 6, 7, 8, 9, 10}),
              (Places{{0, 1, 2, 3, 4}, {6, 7, 8, 9, 10}}));
    // If others hold some CPUs, there are as many boots as have their own.
    EXPECT_EQ(places(*pack(host(11), kWall, {2, false}), kWall, {2, false}, {4, 6, 7, 8, 9, 10}),
              (Places{{4, 6, 7, 8, 9}}));
    // Shared: as far apart as possible, then from the beginning again.
    EXPECT_EQ(places(*pack(host(7), kWall, {2, true}), kWall, {2, true}, {0, 1, 2, 3, 4, 5, 6}),
              (Places{{0, 1, 2, 3, 4}, {5, 6, 0, 1, 2}}));
    EXPECT_EQ(places(*pack(host(2), kWall, {}), kWall, {}, {0, 1}), (Places{{0, 1}}));
}

TEST(CpuAllocation, VirtualClockPlacesAreTheCpusThatCouldBeHad) {
    EXPECT_EQ(places(*pack(host(4), kVirtual, {}), kVirtual, {}, {1, 3}), (Places{{1, 3}, {1, 3}}));
    EXPECT_EQ(places(*pack(host(4), kVirtual, {3, false}), kVirtual, {3, false}, {1, 3}),
              (Places{{1, 3}, {1, 3}, {1, 3}}));
}

TEST(CpuAllocation, ListsCpusAsTheKernelDoes) {
    EXPECT_EQ(cpu_list({0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
    EXPECT_EQ(cpu_list({}), "");
}

} // namespace
} // namespace rig
