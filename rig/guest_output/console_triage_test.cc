// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/console_triage.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

std::vector<Splat> splats_on(std::string_view console) {
    return triage(console).splats;
}

constexpr const char* kSleep =
    "[    1.100000][   T44] BUG: sleeping function called from invalid context at "
    "mm/mmu_gather.c:285\r\n"
    "[    1.100001][   T44] in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 44, name: "
    "munmap\r\n"
    "[    1.100002][   T44] CPU: 0 UID: 0 PID: 44 Comm: munmap Not tainted 6.12.117 #1\r\n"
    "[    1.100003][   T44] Call Trace:\r\n"
    "[    1.100004][   T44]  <TASK>\r\n"
    "[    1.100005][   T44]  dump_stack_lvl+0x5d/0x80\r\n"
    "[    1.100006][   T44]  __might_resched+0x150/0x200\r\n"
    "[    1.100007][   T44]  ? guessed+0x1/0x2\r\n"
    "[    1.100008][   T44]  tlb_remove_table_sync_rcu+0x12/0x30\r\n"
    "[    1.100009][   T44]  tlb_remove_table+0x40/0xd0\r\n"
    "[    1.100010][   T44]  </TASK>\r\n";

TEST(Console, ACleanBootHasNoSplat) {
    EXPECT_TRUE(splats_on("[    0.000000][    T0] Linux version 6.12.117\n[    0.1][    T1] Run "
                          "/init as init process\n")
                    .empty());
    EXPECT_TRUE(splats_on("").empty());
}

TEST(Console, ASplatIsTitledAttributedAndQuoted) {
    const auto splats = splats_on(std::string("[    0.9][    T1] fine\r\n") + kSleep +
                                  "[    1.2][   T44] afterwards\r\n");
    ASSERT_EQ(splats.size(), 1u);
    const auto& splat = splats[0];
    EXPECT_EQ(splat.kind, SplatKind::SleepInAtomic);
    EXPECT_EQ(in_words(splat),
              "BUG: sleeping function called from invalid context, in tlb_remove_table_sync_rcu");
    EXPECT_EQ(splat.trace,
              (std::vector<std::string>{"tlb_remove_table_sync_rcu", "tlb_remove_table"}));
    EXPECT_EQ(splat.count, 1u);
    EXPECT_FALSE(splat.fatal);
    EXPECT_TRUE(
        splat.excerpt.starts_with("[    0.9][    T1] fine\n[    1.100000][   T44] BUG: sleeping"))
        << splat.excerpt;
    EXPECT_TRUE(splat.excerpt.ends_with("</TASK>\n")) << splat.excerpt;
}

// Printed as riscv prints a stack, before the stack of the report.
TEST(Console, WhereSomethingBeganIsNotTheStack) {
    std::string console = kSleep;
    console.insert(console.find("[    1.100002]"),
                   "[    1.100001][   T44] Preemption disabled at:\r\n[    1.100001][   T44] "
                   "[<ffffffff8116e420>] zap_pte_range+0x1/0x2\r\n");
    const auto splats = splats_on(console);
    ASSERT_EQ(splats.size(), 1u);
    EXPECT_EQ(splats[0].function, "tlb_remove_table_sync_rcu");
    EXPECT_EQ(splats[0].trace,
              (std::vector<std::string>{"tlb_remove_table_sync_rcu", "tlb_remove_table"}));
}

TEST(Console, TheSameAgainIsCounted) {
    const auto splats = splats_on(std::string(kSleep) + kSleep + kSleep);
    ASSERT_EQ(splats.size(), 1u);
    EXPECT_EQ(splats[0].count, 3u);
}

TEST(Console, TheSameTitleElsewhereIsAnother) {
    std::string other = kSleep;
    for (auto at = other.find("tlb_remove_table_sync_rcu"); at != std::string::npos;
         at = other.find("tlb_remove_table_sync_rcu"))
        other.replace(at, 25, "somebody_else");
    const auto splats = splats_on(std::string(kSleep) + other);
    ASSERT_EQ(splats.size(), 2u);
    EXPECT_EQ(splats[1].function, "somebody_else");
}

TEST(Console, EveryByteMayArriveAlone) {
    const std::string console =
        std::string(kSleep) +
        "guest# [    2.000000][    T9] WARNING: CPU: 1 PID: 9 at mm/x.c:3 foo+0x1/0x2";
    ConsoleTriage triage;
    for (const char& c : console)
        triage.feed({&c, 1});
    triage.finish();
    ASSERT_EQ(triage.splats().size(), 2u);
    EXPECT_EQ(in_words(triage.splats()[1]), "WARNING: at mm/x.c, in foo"); // without a newline
}

// Two CPUs print at the same time; each line has its caller ID.
TEST(Console, InterleavedReportsAreToldApart) {
    std::string mixed;
    const std::string one = kSleep;
    std::string other = kSleep;
    for (auto at = other.find("T44"); at != std::string::npos; at = other.find("T44"))
        other.replace(at, 3, "T45");
    for (auto at = other.find("tlb_remove_table_sync_rcu"); at != std::string::npos;
         at = other.find("tlb_remove_table_sync_rcu"))
        other.replace(at, 25, "somebody_else");
    for (std::size_t a = 0, b = 0; a < one.size();) {
        const auto end_a = one.find('\n', a) + 1, end_b = other.find('\n', b) + 1;
        mixed += one.substr(a, end_a - a) + other.substr(b, end_b - b);
        a = end_a, b = end_b;
    }
    const auto splats = splats_on(mixed);
    ASSERT_EQ(splats.size(), 2u);
    EXPECT_EQ(splats[0].function, "tlb_remove_table_sync_rcu");
    EXPECT_EQ(splats[1].function, "somebody_else");
    EXPECT_EQ(splats[0].excerpt.find("T45"), std::string::npos);
}

TEST(Console, AStallIsAttributedByTheOtherCpusBacktrace) {
    const auto splats =
        splats_on("[   30.000000][    C0] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:\n"
                  "[   30.000001][    C0] rcu: \t1-....: (1 GPs behind) "
                  "idle=0644/1/0x4000000000000000 softirq=1/1 fqs=10\n"
                  "[   30.000002][    C0] Sending NMI from CPU 0 to CPUs 1:\n"
                  "[   30.000003][    C1] NMI backtrace for cpu 1\n"
                  "[   30.000004][    T7] unrelated\n"
                  "[   30.000005][    C1] RIP: 0010:delay_tsc+0x2b/0x60\n"
                  "[   30.000006][    C1] Call Trace:\n"
                  "[   30.000007][    C1]  <TASK>\n"
                  "[   30.000008][    C1]  __const_udelay+0x1/0x2\n"
                  "[   30.000009][    C1]  stalling_function+0x1/0x2\n");
    ASSERT_EQ(splats.size(), 1u);
    EXPECT_EQ(splats[0].function, "stalling_function");
    EXPECT_EQ(splats[0].excerpt.find("unrelated"), std::string::npos);
}

TEST(Console, AnOopsAndItsPanicAreBothFatalAndTheOopsIsFirst) {
    const auto splats =
        splats_on("[ 1.0][ T44] BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
                  "[ 1.0][ T44] #PF: supervisor write access in kernel mode\n"
                  "[ 1.0][ T44] Oops: Oops: 0002 [#1] SMP\n"
                  "[ 1.1][ T44] RIP: 0010:foo+0x1/0x2\n"
                  "[ 1.1][ T44] ---[ end trace 0000000000000000 ]---\n"
                  "[ 1.1][ T44] RIP: 0010:foo+0x1/0x2\n"
                  "[ 1.2][ T44] Kernel panic - not syncing: Fatal exception\n"
                  "[ 1.2][ T44] ---[ end Kernel panic - not syncing: Fatal exception ]---\n");
    ASSERT_EQ(splats.size(), 2u);
    EXPECT_EQ(in_words(splats[0]), "BUG: kernel NULL pointer dereference, in foo");
    EXPECT_TRUE(splats[0].fatal);
    EXPECT_EQ(splats[1].kind, SplatKind::Panic);
    EXPECT_TRUE(splats[1].fatal);
}

TEST(Console, AWarningLongBeforeAPanicIsNotItsCause) {
    const auto splats = splats_on("[ 1.0][ T44] WARNING: CPU: 1 PID: 44 at mm/x.c:3 foo+0x1/0x2\n[ "
                                  "1.0][ T44] ---[ end trace 0000000000000000 ]---\n"
                                  "[ 9.0][ T44] Kernel panic - not syncing: x\n");
    ASSERT_EQ(splats.size(), 2u);
    EXPECT_FALSE(splats[0].fatal);
    EXPECT_TRUE(splats[1].fatal);
}

TEST(Console, TwoWarningsInOneReportsTimeAreTwo) {
    const auto splats =
        splats_on("[ 1.0][ T44] WARNING: CPU: 1 PID: 44 at mm/x.c:3 foo+0x1/0x2\n[ 1.0][ T44] "
                  "first\n[ 1.0][ T44] WARNING: CPU: 1 PID: 44 at mm/y.c:3 bar+0x1/0x2\n");
    ASSERT_EQ(splats.size(), 2u);
    EXPECT_EQ(splats[0].title, "WARNING: at mm/x.c: first");
    EXPECT_EQ(splats[1].function, "bar");
}

// A program may print any text, but only the kernel prints time stamps.
TEST(Console, WhatAProgramPrintsIsNotTheKernels) {
    EXPECT_TRUE(splats_on("[    0.000000][    T0] Linux version\nWARNING: CPU: 1 PID: 2 at "
                          "mm/x.c:3 foo+0x1/0x2\nBUG: mine\n")
                    .empty());
    EXPECT_EQ(splats_on("WARNING: CPU: 1 PID: 2 at mm/x.c:3 foo+0x1/0x2\n").size(),
              1u); // a kernel without PRINTK_TIME
}

TEST(Console, EscapeCodesAndBytesThatAreNotText) {
    const auto splats = splats_on("\x1b[0m\x1b[31mBUG: \xff\xfe"
                                  "bad thing\x1b[0m\n");
    ASSERT_EQ(splats.size(), 1u);
    EXPECT_EQ(splats[0].title, "BUG: bad thing");
}

TEST(Console, AKilledProcessIsANotice) {
    const auto splats =
        splats_on("[ 1.0][ T44] Out of memory: Killed process 44 (munmap) total-vm:123kB\n[ 1.0][ "
                  "T44] Call Trace:\n[ 1.0][ T44]  foo+0x1/0x2\n");
    ASSERT_EQ(splats.size(), 1u);
    EXPECT_TRUE(is_notice(splats[0].kind));
    EXPECT_EQ(splats[0].function, "");
}

TEST(Console, MemoryIsBoundedByWhateverIsPrinted) {
    ConsoleTriage triage;
    for (unsigned i = 0; i < 5000; ++i) {
        const auto letters = std::string(1, static_cast<char>('a' + i % 26)) +
                             std::string(1, static_cast<char>('a' + i / 26 % 26)) +
                             std::string(1, static_cast<char>('a' + i / 676 % 26));
        triage.feed("[ 1.0][ T" + std::to_string(i % 100) + "] BUG: " + letters + "\n[ 1.0][ T" +
                    std::to_string(i % 100) + "] " + std::string(5000, 'x') + "\n");
    }
    triage.feed("[ 1.0][ T1] Kernel panic - not syncing: the end\n");
    triage.finish();
    EXPECT_EQ(triage.splats().size(), kMaxSplats);
    EXPECT_EQ(triage.overflow(), 5000 + 1 - kMaxSplats);
    EXPECT_EQ(triage.splats().front().title, "BUG: aaa");
    EXPECT_TRUE(triage.splats().back().fatal) << "a panic finds a place";
    for (const auto& splat : triage.splats())
        EXPECT_LE(splat.excerpt.size(), kMaxExcerpt);
}

TEST(Console, TheLastLinesAreKept) {
    ConsoleTriage triage;
    EXPECT_TRUE(triage.empty());
    triage.feed("1\n2\n3\n4\n5\n6\n\n7\x1b[2J\nno end");
    triage.finish();
    EXPECT_FALSE(triage.empty());
    EXPECT_EQ(triage.tail(), "3\n4\n5\n6\n7\nno end\n");
}

} // namespace
} // namespace rig
