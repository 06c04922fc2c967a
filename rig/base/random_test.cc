// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/random.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

// The first outputs of the reference SplitMix64 for state 0, shifted to 53 bits.
TEST(Random, MixIsSplitMix64) {
    EXPECT_EQ(mix(0, 0), 0xe220a8397b1dcdafull >> 11);
    EXPECT_EQ(mix(0, 1), 0x6e789e6aa1b965f4ull >> 11);
}

} // namespace
} // namespace rig
