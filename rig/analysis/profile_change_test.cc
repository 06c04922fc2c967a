// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/profile_change.h"

#include "rig/testing/profile_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

const ProfileWindowChange& counted(const ProfileComparison& comparison) {
    return comparison.arms.at(0).windows[RIG_WINDOW_COUNT_PASS];
}

// Three pairs: `ipi` is called in the baseline only, `rcu` in the other arm only.
std::vector<BootProfile> boots() {
    std::vector<BootProfile> out;
    for (unsigned index = 0; index < 3; ++index) {
        out.push_back(
            {"base", index,
             profile_with({counted_row("ipi", 1000 + 100 * index, 80), counted_row("same", 500, 5),
                           counted_row("noise", 50 + index, 5)})});
        out.push_back({"patched", index,
                       profile_with({counted_row("rcu", 300 * (index + 1), 80),
                                     counted_row("same", 500, 5), counted_row("noise", 50, 5)})});
    }
    return out;
}

TEST(ProfileChange, LargestMedianDifferenceFirstWhateverItsSign) {
    const auto comparison = compare_profiles({"base", "patched"}, boots());
    EXPECT_EQ(comparison.baseline, "base");
    ASSERT_EQ(comparison.arms.size(), 1u);
    EXPECT_EQ(comparison.arms[0].arm, "patched");
    EXPECT_EQ(comparison.arms[0].pairs, 3u);
    const auto& window = counted(comparison);
    ASSERT_EQ(window.rows.size(), 3u);
    EXPECT_EQ(window.rows[0].name, "ipi");
    EXPECT_EQ(window.rows[0].instructions.base, 1100);
    EXPECT_EQ(window.rows[0].instructions.value, 0);
    EXPECT_EQ(window.rows[0].instructions.difference, -1100);
    EXPECT_EQ(window.rows[0].calls.base, 80);
    EXPECT_EQ(window.rows[0].calls.difference, -80);
    EXPECT_EQ(window.rows[1].name, "rcu");
    EXPECT_EQ(window.rows[1].instructions.difference, 600);
    EXPECT_EQ(window.rows[2].name, "noise");
    EXPECT_EQ(window.rows[2].instructions.difference, -1);
    EXPECT_EQ(window.same, 1u);
    // By pair: 1000 + 0 -> 300, 1101 -> 600, 1202 -> 900, and 500 in all.
    EXPECT_EQ(window.instructions.difference, -501);
    EXPECT_TRUE(comparison.arms[0].windows[RIG_WINDOW_REST].rows.empty());
}

TEST(ProfileChange, TogetherIsTheMedianOfTheSumsAndNotTheSumOfTheMedians) {
    std::vector<BootProfile> all;
    const std::uint64_t a[] = {10, 0, 0}, b[] = {0, 10, 0};
    for (unsigned index = 0; index < 3; ++index) {
        all.push_back({"base", index, profile_with({counted_row("x", 1, 1)})});
        all.push_back({"patched", index,
                       profile_with({counted_row("x", 1, 1), counted_row("a", a[index], 1),
                                     counted_row("b", b[index], 1)})});
    }
    const auto window = counted(compare_profiles({"base", "patched"}, all));
    ASSERT_EQ(window.rows.size(), 2u);
    EXPECT_EQ(window.rows[0].instructions.difference, 0);
    EXPECT_EQ(together(window, 0), 10);
    EXPECT_EQ(together(window, 1), 0);
    EXPECT_EQ(together(window, 2), 0);
}

TEST(ProfileChange, OnlyBootsOfOneIndexArePaired) {
    auto all = boots();
    all.erase(all.begin()); // base, index 0
    all.push_back({"third", 9, profile_with({})});
    const auto comparison = compare_profiles({"base", "patched", "third"}, all);
    ASSERT_EQ(comparison.arms.size(), 1u) << "no boot of the baseline has index 9";
    EXPECT_EQ(comparison.arms[0].pairs, 2u);
    EXPECT_EQ(counted(comparison).rows[0].instructions.base, 1150);
    EXPECT_TRUE(compare_profiles({"base", "patched"}, {}).arms.empty());
    EXPECT_TRUE(compare_profiles({}, all).arms.empty());
}

TEST(ProfileChange, CallsThatDifferAreADifference) {
    const auto window = counted(compare_profiles(
        {"base", "patched"}, {{"base", 0, profile_with({counted_row("x", 9, 3)})},
                              {"patched", 0, profile_with({counted_row("x", 9, 1)})}}));
    ASSERT_EQ(window.rows.size(), 1u);
    EXPECT_EQ(window.rows[0].instructions.difference, 0);
    EXPECT_EQ(window.rows[0].calls.difference, -2);
}

TEST(ProfileChange, IdleTimeNeedsTheClockOfEveryBoot) {
    auto all = boots();
    for (auto& boot : all)
        boot.profile.clock[RIG_WINDOW_COUNT_PASS] =
            ClockSpan{9, 750, boot.arm == "base" ? 1750u : 2750u + boot.index};
    const auto window = counted(compare_profiles({"base", "patched"}, all));
    ASSERT_TRUE(window.idle_ns);
    EXPECT_EQ(window.idle_ns->base, 1000);
    EXPECT_EQ(window.idle_ns->difference, 1001);
    EXPECT_NEAR(window.covered, 750.0 / 1752, 1e-9) << "the least of all boots";
    all.back().profile.clock[RIG_WINDOW_COUNT_PASS].reset();
    EXPECT_FALSE(counted(compare_profiles({"base", "patched"}, all)).idle_ns);
}

} // namespace
} // namespace rig
