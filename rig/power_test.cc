#include "rig/power.h"

#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

// Boots around 100 and 100 * ratio, `spread` apart in all.
Contrast contrast_at(double ratio, double spread, bool paired) {
    Contrast out{{}, {}, paired};
    for (int i = 0; i < 8; ++i) {
        const double off = spread * (i - 3.5) / 7;
        out.base.push_back(100 + off);
        out.values.push_back(100 * ratio + spread * (((3 * i) % 8) - 3.5) / 7);
    }
    return out;
}

TEST(Power, AClearCaseNeedsTheFewestBootsThatCanDecideAtAll) {
    for (const bool paired : {true, false}) EXPECT_EQ(boots_for_power(not_worse("x", 0.01), contrast_at(1.5, 1, paired), 4), boots_needed(4, paired));
}

TEST(Power, TheNearerToTheBoundTheMoreBoots) {
    const auto near = boots_for_power(not_worse("x", 0.01), contrast_at(1.03, 6, false), 1), far = boots_for_power(not_worse("x", 0.01), contrast_at(1.10, 6, false), 1);
    ASSERT_TRUE(near && far);
    EXPECT_GT(*near, *far);
    EXPECT_LT(boots_for_power(not_worse("x", 0.01), contrast_at(1.04, 6, false), 1), boots_for_power(not_worse("x", 0.01), contrast_at(1.04, 6, false), 8))
        << "one claim of many needs more";
}

TEST(Power, AtTheBoundNoNumberIsNamed) {
    EXPECT_FALSE(boots_for_power(not_worse("x", 0.01), contrast_at(1.01, 6, false), 4));
    EXPECT_FALSE(boots_for_power(not_worse("x", 0.01), {}, 4));
}

TEST(Power, TheSameBootsGiveTheSameNumber) {
    const auto contrast = contrast_at(1.04, 6, true);
    EXPECT_EQ(boots_for_power(not_worse("x", 0.01), contrast, 2), boots_for_power(not_worse("x", 0.01), contrast, 2));
}

} // namespace
} // namespace rig
