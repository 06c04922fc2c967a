// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/plan/schedule.h"

#include "rig/base/random.h"
#include "rig/guest_output/sample.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace rig {
namespace {

Spec spec_with(std::vector<std::string> arms, unsigned boots, std::uint64_t seed) {
    Spec spec;
    for (const auto& name : arms) {
        Arm arm;
        arm.name = name;
        spec.arms.push_back(arm);
    }
    spec.guest.boots = boots;
    spec.guest.seed = seed;
    return spec;
}

TEST(Schedule, ArmsAlternateAndPairUpBySeed) {
    auto boots = make_schedule(spec_with({"a", "b"}, 4, 1), false);
    ASSERT_EQ(boots.size(), 10u); // 4 boots of each arm, and one replay each
    for (std::size_t i = 0; i < boots.size(); ++i)
        EXPECT_EQ(boots[i].replay, i >= 8);
    EXPECT_EQ(boots[8].id.arm, "a");
    EXPECT_EQ(boots[9].id.arm, "b");
    EXPECT_EQ(boots[9].id.seed, boots[1].id.seed);
    EXPECT_EQ(boots[9].id.order, 9u);
    boots.resize(8);
    std::string order;
    std::map<unsigned, std::set<std::uint64_t>> seeds;
    for (const auto& boot : boots) {
        order += boot.id.arm;
        seeds[boot.id.index].insert(boot.id.seed);
        EXPECT_EQ(boot.id.order, order.size() - 1);
    }
    EXPECT_EQ(order, "abbaabba");
    ASSERT_EQ(seeds.size(), 4u);
    std::set<std::uint64_t> different;
    for (const auto& [index, same] : seeds) {
        EXPECT_EQ(same.size(), 1u) << "index " << index;
        different.insert(*same.begin());
    }
    EXPECT_EQ(different.size(), 4u);
}

TEST(Schedule, WarmUpBootsComeFirstUnderTheWallClockOnly) {
    auto spec = spec_with({"a", "b"}, 4, 1);
    spec.guest.warmup_boots = 2;
    EXPECT_EQ(planned_boots(spec, false), 4u);
    EXPECT_EQ(make_schedule(spec, false).size(), 10u);
    const auto boots = make_schedule(spec, true);
    ASSERT_EQ(boots.size(), 12u);
    unsigned warmups = 0;
    for (const auto& boot : boots) {
        Sample sample;
        sample.id = boot.id;
        sample.run_clock = "wall";
        warmups += is_warmup(spec, sample);
        EXPECT_EQ(is_warmup(spec, sample), boot.id.order < 4);
        sample.run_clock = "virtual";
        EXPECT_FALSE(is_warmup(spec, sample));
    }
    EXPECT_EQ(warmups, 4u);
}

// Under the wall clock blocks are also mirrored, but begin with either arm.
TEST(Schedule, BlocksAreMirroredAndInRandomOrderUnderTheWallClock) {
    const auto boots = make_schedule(spec_with({"a", "b", "c"}, 64, 1), true);
    ASSERT_EQ(boots.size(), 192u);
    std::map<std::string, unsigned> first;
    for (std::size_t block = 0; block < boots.size(); block += 6) {
        std::set<std::string> arms;
        for (std::size_t i = 0; i < 3; ++i) {
            arms.insert(boots[block + i].id.arm);
            EXPECT_EQ(boots[block + i].id.arm, boots[block + 5 - i].id.arm);
        }
        EXPECT_EQ(arms.size(), 3u);
        ++first[boots[block].id.arm];
    }
    for (const auto& [arm, times] : first)
        EXPECT_GT(times, 4u) << arm;
    EXPECT_EQ(first.size(), 3u);
}

TEST(Schedule, TheSeedDecidesEverything) {
    const auto one = make_schedule(spec_with({"a", "b"}, 8, 1), false),
               again = make_schedule(spec_with({"a", "b"}, 8, 1), false),
               other = make_schedule(spec_with({"a", "b"}, 8, 2), false);
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ(one[i].id.seed, again[i].id.seed);
        EXPECT_EQ(one[i].perturbation.start_offset_us, again[i].perturbation.start_offset_us);
        EXPECT_NE(one[i].id.seed, other[i].id.seed);
    }
}

TEST(Schedule, PerturbationsStayInTheirRangesAndVary) {
    std::set<unsigned> offsets, ballast, slots;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const auto p = perturbation_for(mix(7, seed));
        EXPECT_LT(p.start_offset_us, 4000u);
        EXPECT_LT(p.ballast_pages, 256u);
        EXPECT_LT(p.address_slot, 16u);
        offsets.insert(p.start_offset_us);
        ballast.insert(p.ballast_pages);
        slots.insert(p.address_slot);
    }
    EXPECT_GT(offsets.size(), 800u);
    EXPECT_GT(ballast.size(), 230u);
    EXPECT_EQ(slots.size(), 16u);
}

} // namespace
} // namespace rig
