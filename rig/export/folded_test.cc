// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/folded.h"

#include "rig/testing/profile_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

TEST(Folded, OneLineForEachStackSummedOverBoots) {
    auto profile = profile_with({counted_row("munmap", 30, 3), counted_row("a;b c", 4, 1),
                                 counted_row("/init", 100, 0, CodeKind::Program),
                                 counted_row(kOtherUser, 5, 0, CodeKind::Other)});
    profile.rows[0].instructions[RIG_WINDOW_REST] = 1;
    profile.clock[RIG_WINDOW_COUNT_PASS] = ClockSpan{2, 100, 350};
    EXPECT_EQ(render_folded({{"ipi", 0, profile}, {"ipi", 1, profile}, {"reviewed", 0, {}}}),
              "ipi;count pass;idle 500\n"
              "ipi;count pass;kernel;a:b c 8\n"
              "ipi;count pass;kernel;munmap 60\n"
              "ipi;count pass;other user space 10\n"
              "ipi;count pass;user;/init 200\n"
              "ipi;rest;kernel;munmap 2\n");
    EXPECT_EQ(render_folded({}), "");
}

} // namespace
} // namespace rig
