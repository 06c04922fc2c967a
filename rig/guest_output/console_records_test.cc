// SPDX-License-Identifier: GPL-2.0-or-later
// Console lines that are not one record each: task names with newlines, and messages that printk
// cut off and printed again. Also records that are no splats.
#include "rig/guest_output/console_triage.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

std::vector<Splat> splats_of(std::string_view console) {
    return triage(console).splats;
}

constexpr const char* kSleepTail = "[    1.100001][   T44] Call Trace:\n"
                                   "[    1.100002][   T44]  my_sleeper+0x1/0x2\n"
                                   "[    1.100003][   T44]  </TASK>\n";

TEST(ConsoleRecords, AMessageThatPrintkCutAndReplayedCountsOnce) {
    const std::string whole = "[    1.100000][   T44] BUG: sleeping function called from invalid "
                              "context at mm/x.c:1\n";
    const std::string replay = "** replaying previous printk message **\n";
    for (const std::size_t kept : {45u, 70u, 92u}) {
        const auto torn = whole.substr(0, kept);
        for (const auto* end : {"\n", "", "\r\n"}) {
            const auto splats = splats_of(torn + end + replay + whole + kSleepTail);
            ASSERT_EQ(splats.size(), 1u) << torn << " and " << splats[1].title;
            EXPECT_EQ(splats[0].count, 1u);
            EXPECT_EQ(splats[0].guilty, "my_sleeper");
        }
    }
    // The whole message without its newline.
    EXPECT_EQ(splats_of(whole + replay + whole + kSleepTail).at(0).count, 1u);
    EXPECT_EQ(splats_of("[    1.1][   T31] INFO: t\n" + replay +
                        "[    1.1][   T31] INFO: task a:5 blocked in I/O wait for more than 9 "
                        "seconds.\n")
                  .size(),
              1u);
}

// A program that prints these words cannot hide a splat.
TEST(ConsoleRecords, WhatWasNotPrintedAgainWasNotReplayed) {
    const auto splats = splats_of("[    1.100000][   T44] BUG: one\n"
                                  "** replaying previous printk message **\n"
                                  "[    1.200000][   T44] fine\n");
    ASSERT_EQ(splats.size(), 1u);
    EXPECT_EQ(splats[0].title, "BUG: one");
    EXPECT_EQ(splats_of("** replaying previous printk message **[    1.100000][   T44] BUG: one\n")
                  .size(),
              1u);
    EXPECT_EQ(splats_of("[    1.100000][   T44] BUG: one** replaying previous printk message **\n")
                  .size(),
              1u);
}

TEST(ConsoleRecords, AHungTaskWithNewlinesInItsNameCountsOnce) {
    const auto splats =
        splats_of("[   99.100000][   T31] INFO: task a\n"
                  "[   99.100000][   T31] BUG: b:44 blocked for more than 9 seconds.\n"
                  "[   99.100001][   T31]       Not tainted 6.12.117 #1\n"
                  "[   99.100002][   T31] task:a\n"
                  "[   99.100002][   T31] BUG: b          state:D stack:0     pid:44\n"
                  "[   99.100003][   T31] Call Trace:\n"
                  "[   99.100004][   T31]  __schedule+0x1/0x2\n"
                  "[   99.100005][   T31]  my_open+0x1/0x2\n"
                  "[   99.100006][   T31]  </TASK>\n");
    ASSERT_EQ(splats.size(), 1u) << splats[1].title;
    EXPECT_EQ(splats[0].kind, SplatKind::HungTask);
    EXPECT_EQ(splats[0].count, 1u);
    EXPECT_EQ(splats[0].function, "my_open");
    EXPECT_NE(splats[0].excerpt.find("INFO: task a\n"), std::string::npos);
}

TEST(ConsoleRecords, NorDoOtherNamesWithNewlinesMakeSplats) {
    EXPECT_TRUE(splats_of("[    1.100000][   T44] x\n"
                          "[    1.100000][   T44] BUG: boom[44]: segfault at 0 ip 0 sp 0 error 4\n")
                    .empty());
    EXPECT_TRUE(splats_of("[    1.100000][   T44] BUG: b\n"
                          "[    1.100000][   T44] oom[44]: segfault at 0 ip 0 sp 0 error 4\n")
                    .empty());
    EXPECT_TRUE(splats_of("[    1.100000][   T44] CPU: 0 UID: 0 PID: 44 Comm: a\n"
                          "[    1.100000][   T44] BUG: b Not tainted 6.12.117 #1\n")
                    .empty());
}

TEST(ConsoleRecords, ShortSplatsAndTornOnesAreNotLost) {
    EXPECT_EQ(splats_of("[    1.100000][   T44] BUG: boom\n").size(), 1u)
        << "the end of the console";
    EXPECT_EQ(splats_of("[    1.100000][   T44] BUG: boom\n[    1.200000][   T44] fine\n").size(),
              1u);
    EXPECT_EQ(splats_of("[    1.100000][   T44] BUG: boom\n[    1.100000][   T44] more\n"
                        "[    1.100000][   T44] BUG: another one that is not short\n")
                  .size(),
              2u)
        << "all under one stamp";
    EXPECT_EQ(splats_of("[    1.100000][   T44] INFO: task a\n"
                        "[    1.100001][   T44] BUG: something that is not short\n")
                  .size(),
              1u);
}

TEST(ConsoleRecords, AFaultThatWasInjectedIsNoSplat) {
    const std::string injected = "[    1.200000][   T44] FAULT_INJECTION: forcing a failure.\n"
                                 "[    1.200000][   T44] name failslab, interval 1, probability "
                                 "100, space 0, times 1\n"
                                 "[    1.200001][   T44] CPU: 0 UID: 0 PID: 44 Comm: BUG: x Not "
                                 "tainted 6.12.117 #1\n"
                                 "[    1.200002][   T44] Call Trace:\n"
                                 "[    1.200003][   T44]  should_fail_ex+0x1/0x2\n"
                                 "[    1.200004][   T44]  </TASK>\n";
    EXPECT_TRUE(splats_of(injected).empty());
    // Its stack is not part of the splat before it.
    const auto splats =
        splats_of("[    1.100000][   T44] BUG: something of a kernel's\n" + injected);
    ASSERT_EQ(splats.size(), 1u);
    EXPECT_EQ(splats[0].function, "");
    EXPECT_EQ(splats[0].guilty, "");
}

} // namespace
} // namespace rig
