// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/compare_command.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

TEST(Verdict, GitBisectGetsWhatItUnderstands) {
    EXPECT_EQ(git_bisect_code(Exit::Pass), 0);
    EXPECT_EQ(git_bisect_code(Exit::Fail), 1);
    for (const auto exit : {Exit::Usage, Exit::Host, Exit::Inconclusive})
        EXPECT_EQ(git_bisect_code(exit), 125);
}

} // namespace
} // namespace rig
