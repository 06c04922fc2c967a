// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/power.h"

#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

Estimate estimate(double low, double value, double high, std::size_t n = 8) {
    Estimate out;
    out.value = value;
    out.n = n;
    out.interval = Interval{low, high, 0.95};
    return out;
}

// One claim, an interval of 95 %: if the bound is at the edge of the interval, (1.960 + 0.842)^2 /
// 1.960^2 = 2.043 times the boots are needed.
TEST(Power, ABoundAtTheEdgeOfTheIntervalNeedsTwiceTheBoots) {
    EXPECT_EQ(boots_for_power(at_most("x", 1.21), estimate(1 / 1.21, 1, 1.21, 100), 1, false),
              205u);
    EXPECT_EQ(boots_for_power(at_most("x", 1.10), estimate(1 / 1.21, 1, 1.21, 100), 1, false), 818u)
        << "half the distance, four times the boots";
}

TEST(Power, OneClaimOfManyNeedsMore) {
    EXPECT_GT(boots_for_power(at_most("x", 1.21), estimate(1 / 1.21, 1, 1.21, 100), 8, false),
              205u);
    EXPECT_EQ(boots_for_power(at_most("x", 100), estimate(0.99, 1, 1.01), 4, true),
              boots_needed(4, true))
        << "never fewer than can decide at all";
}

TEST(Power, OfTwoBoundsTheNearerCounts) {
    MetricSpec unchanged;
    unchanged.kind = ExpectKind::Unchanged;
    unchanged.within = 0.05;
    const auto near_low = boots_for_power(unchanged, estimate(0.94, 0.97, 1.0), 1, false),
               centred = boots_for_power(unchanged, estimate(0.97, 1.0, 1.03), 1, false);
    ASSERT_TRUE(near_low && centred);
    EXPECT_GT(*near_low, *centred);
}

TEST(Power, NoNumberIsNamedAtTheBoundOrWithoutAnInterval) {
    EXPECT_FALSE(boots_for_power(not_worse("x", 0.01), estimate(0.9, 1.01, 1.1), 1, false));
    Estimate none;
    none.value = 1;
    none.n = 4;
    EXPECT_FALSE(boots_for_power(not_worse("x", 0.01), none, 1, false));
}

} // namespace
} // namespace rig
