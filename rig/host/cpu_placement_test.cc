// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/cpu_placement.h"

#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <thread>

namespace rig {
namespace {

using rig::testing::TempTree;
constexpr BootNeed kVirtualBoot{GuestClock::Virtual, 2, 512}, kWallBoot{GuestClock::Wall, 2, 512};

class BootPlacesTest : public ::testing::Test {
 protected:
    HostShare rig_on(std::vector<int> cpus, bool share = false) const {
        return {share, tree_ / "claims", [cpus] {
                    return HostCapacity{cpus, {}, 64ull << 30, "MemAvailable"};
                }};
    }
    Result<BootPlaces> places(const BootNeed& need, unsigned parallel, const HostShare& host,
                              std::stop_token stop = {}) const {
        return take_places(need, parallel, host, Progress::silent(), stop);
    }
    TempTree tree_;
};

TEST_F(BootPlacesTest, TwoRigsUnderTheWallClockDoNotMeet) {
    const auto host = rig_on({0, 1, 2, 3, 4, 5, 6});
    const auto one = places(kWallBoot, 0, host), two = places(kWallBoot, 0, host);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->facts.cpus, std::vector<std::string>{"0-2"});
    EXPECT_EQ(two->facts.cpus, std::vector<std::string>{"3-5"});
    EXPECT_TRUE(two->facts.pinned);
    EXPECT_FALSE(two->facts.shared);
    // A third boot, under the virtual clock, does not share their CPUs either.
    const auto third = places(kVirtualBoot, 0, host);
    ASSERT_TRUE(third);
    EXPECT_EQ(third->facts.cpus, std::vector<std::string>{"6"});
    EXPECT_EQ(third->facts.at_once, 1u);
    ASSERT_EQ(third->facts.warnings.size(), 1u);
    EXPECT_EQ(third->facts.warnings[0],
              "1 boots at once in place of 7: other rigs boot on the host's other CPUs");
}

TEST_F(BootPlacesTest, ARigWaitsForTheOtherAndStopsWhenToldTo) {
    const auto host = rig_on({0, 1, 2, 3});
    std::optional<BootPlaces> one;
    {
        auto taken = places(kWallBoot, 0, host);
        ASSERT_TRUE(taken);
        one = std::move(*taken);
    }
    std::stop_source stop;
    std::jthread impatient([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        stop.request_stop();
    });
    const auto gave_up = places(kWallBoot, 0, host, stop.get_token());
    ASSERT_FALSE(gave_up);
    EXPECT_EQ(gave_up.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(gave_up.error().message.find("waiting for host CPUs"), std::string::npos);
    EXPECT_FALSE(places(kWallBoot, 0, rig_on({0, 1, 2, 3}, true), stop.get_token()))
        << "the one who did not agree to share is left alone";
    std::jthread leaves([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        one.reset();
    });
    const auto next = places(kWallBoot, 0, host);
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ(next->facts.cpus, std::vector<std::string>{"0-2"});
}

TEST_F(BootPlacesTest, ThoseWhoShareSaySo) {
    const auto host = rig_on({0, 1, 2, 3}, true);
    const auto one = places(kWallBoot, 2, host), two = places(kWallBoot, 0, host);
    ASSERT_TRUE(one && two);
    EXPECT_TRUE(one->facts.shared && two->facts.shared);
    EXPECT_EQ(one->facts.at_once, 2u);
    const auto counted = places(kVirtualBoot, 0, host);
    ASSERT_TRUE(counted);
    EXPECT_FALSE(counted->facts.shared) << "its figures do not depend on it";
    EXPECT_EQ(counted->facts.at_once, 4u);
}

TEST_F(BootPlacesTest, ASmallHostIsTakenAsAWhole) {
    const auto one = places(kWallBoot, 0, rig_on({4, 6}));
    ASSERT_TRUE(one);
    EXPECT_EQ(one->boots, (std::vector<std::vector<int>>{{4, 6}}));
    EXPECT_FALSE(one->facts.pinned);
    EXPECT_TRUE(one->facts.warnings.empty()) << "a CPU for each vCPU";
}

} // namespace
} // namespace rig
