// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/classify_end.h"

#include "guest/protocol/protocol.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

ConsoleTriage console(const std::string& text) {
    ConsoleTriage triage;
    triage.feed(text);
    triage.finish();
    return triage;
}
const std::string kHeard = std::string("[ 9.0][ T1] ") + guest::kLastWords + "\n";
const ChannelEnd kComplete{true, true, "", ""};

// With libvirt, rig distinguishes a QEMU that died, a daemon that went away and a lack of memory.
TEST(BootEnd, WhatLibvirtLostIsTheHosts) {
    const auto kind = [](Lost lost, const std::string& messages) {
        GuestEnd end;
        end.outcome = lost;
        end.messages = messages;
        return classify_end(end, {true, false, "", ""}, console("[ 1.0] x\n"), {}, "log",
                            std::chrono::seconds(60))
            .error()
            .kind;
    };
    EXPECT_EQ(kind(Lost{true}, ""), "hypervisor-lost");
    EXPECT_EQ(kind(Lost{false}, ""), "hypervisor-signal");
    EXPECT_EQ(kind(Lost{false}, "Cannot allocate memory"), "out-of-memory");
}

Error error_of(const ChannelEnd& channel, const HostRoom& room, const std::string& text = kHeard) {
    const auto status =
        classify_end({}, channel, console(text), room, "log", std::chrono::seconds(60));
    return status ? Error{FaultDomain::Spec, "", "", "none", ""} : status.error();
}

// QEMU drops what does not fit and continues: what then looks like a guest fault is a host fault.
TEST(BootEnd, AFullDiskIsTheHosts) {
    const ChannelEnd torn{true, false, "", ""};
    EXPECT_EQ(error_of(torn, {}).kind, "reset");
    for (const HostRoom& full :
         {HostRoom{kRoomAtEnd - 1, UINTMAX_MAX}, {UINTMAX_MAX, kRoomAtEnd - 1}}) {
        EXPECT_EQ(error_of(torn, full).kind, "disk-full");
        EXPECT_EQ(error_of({true, false, "", "bad frame"}, full).fault_domain, FaultDomain::Host);
        EXPECT_EQ(error_of(kComplete, full, "[ 1.0] no last words\n").kind, "disk-full")
            << "the console may be cut short";
        EXPECT_EQ(error_of(kComplete, full).kind, "none") << "everything arrived";
        // If the console does hold part of a panic, the fault is the kernel's.
        EXPECT_EQ(error_of(torn, full, "[ 1.0] Kernel panic - not syncing: x\n").kind, "panic");
    }
    EXPECT_EQ(error_of(torn, {kRoomAtEnd, kRoomAtEnd}).kind, "reset");
    EXPECT_TRUE(room_to_begin({kRoomToBegin, kRoomToBegin}));
    EXPECT_EQ(room_to_begin({kRoomToBegin - 1, kRoomToBegin}).error().message,
              "63 MiB free in the folder of results, want 64 to begin a boot");
    EXPECT_EQ(room_to_begin({kRoomToBegin, 0}).error().kind, "disk-full");
}

// dmesg -n 1 before the work and dmesg -n 8 after it: the last message is there, the warning is
// not.
TEST(BootEnd, WhatTheConsoleDidNotShowIsFoundInTheKernelsLog) {
    const std::string warning = "[ 1.0][ T44] WARNING: CPU: 1 PID: 44 at mm/x.c:12 foo+0x1/0x2\n[ "
                                "1.0][ T44] ---[ end trace 0 ]---\n",
                      fine = "[ 0.1][ T1] booting\n";
    const auto kind = [&](const std::string& shown, const std::string& log) {
        const auto status = nothing_withheld(console(shown + kHeard), log, "");
        return status ? std::string("none") : status.error().kind + ": " + status.error().message;
    };
    EXPECT_EQ(kind("", fine), "none");
    EXPECT_EQ(kind(warning, fine + warning), "none");
    EXPECT_TRUE(kind("", fine + warning)
                    .starts_with("splat: kernel splat: WARNING: at mm/x.c, in foo; then: the "
                                 "console did not show it"))
        << kind("", fine + warning);
    EXPECT_TRUE(kind("", "").starts_with("bad-evidence: the guest did not send kernel-log.txt"));
    const auto overran = std::string(guest::kLogOverran) + "\n" + fine;
    EXPECT_TRUE(kind("", overran).starts_with("silenced-console: the kernel's log overran"));
    EXPECT_EQ(kind(warning, overran), "none") << "it was heard";
}

// A test that turned off a kernel detector was not watched by it.
TEST(BootEnd, ADetectorThatWasSwitchedOffIsNoWitness) {
    const auto kind = [](const std::string& shown, const std::string& switches) {
        const auto status = no_detector_muted(console(shown + kHeard), switches, "");
        return status ? std::string("none") : status.error().kind + ": " + status.error().message;
    };
    const std::string rcu = "rcupdate.rcu_cpu_stall_suppress 0\n",
                      warning = "[ 1.0][ T44] WARNING: CPU: 1 PID: 44 at mm/x.c:12 foo+0x1/0x2\n";
    EXPECT_EQ(kind("", "kernel.watchdog 1\n" + rcu), "none");
    EXPECT_TRUE(kind("", "kernel.watchdog 1\n").starts_with("bad-evidence: "))
        << "every kernel has RCU";
    const std::string thrown =
        "kernel.watchdog 1 -> 0\nkernel.soft_watchdog 1\nrcupdate.rcu_cpu_stall_suppress 0 -> 1\n";
    const auto want =
        "muted-detector: something in the guest changed a detector of the kernel's while it was to "
        "watch (kernel.watchdog 1 -> 0, rcupdate.rcu_cpu_stall_suppress 0 -> 1)";
    EXPECT_TRUE(kind("", thrown).starts_with(want)) << kind("", thrown);
    EXPECT_TRUE(kind(warning, thrown).starts_with(want))
        << "a splat excuses nothing else: " << kind(warning, thrown);
    // A detector that fires may change its own switch.
    EXPECT_EQ(kind(warning, "lockdep.debug_locks 1 -> 0\n" + rcu), "none");
    EXPECT_TRUE(kind("", "lockdep.debug_locks 1 -> 0\n" + rcu).starts_with("muted-detector"))
        << "its tables were full, or it was told to";
    EXPECT_EQ(kind("[ 30.0][ T9] INFO: task munmap:44 blocked for more than 120 seconds.\n",
                   "kernel.hung_task_warnings 10 -> 9\n" + rcu),
              "none");
    EXPECT_TRUE(
        kind(warning, "kernel.hung_task_warnings 10 -> 0\n" + rcu).starts_with("muted-detector"));
}

// The panic device reports a panic that the console does not show. If both report it, the console
// has more details.
TEST(BootEnd, APanicThatTheConsoleDoesNotShowIsOneAllTheSame) {
    const auto said = [](bool panicked, const std::string& text) {
        GuestEnd end;
        end.panicked = panicked;
        return classify_end(end, {true, false, "", ""}, console(text), {}, "log",
                            std::chrono::seconds(60))
            .error();
    };
    EXPECT_EQ(said(true, "[ 1.0] booting\n").kind, "panic");
    EXPECT_NE(said(true, "[ 1.0] booting\n").message.find("told the machine's panic device"),
              std::string::npos);
    EXPECT_EQ(said(false, "[ 1.0] booting\n").kind, "reset");
    EXPECT_EQ(said(true, "[ 1.0] Kernel panic - not syncing: x\n").message.find("panic device"),
              std::string::npos);
    GuestEnd full;
    full.panicked = true;
    const auto unseen = classify_end(full, {true, false, "", ""}, console("[ 1.0] x\n"),
                                     {kRoomAtEnd - 1, UINTMAX_MAX}, "log", std::chrono::seconds(60))
                            .error();
    EXPECT_EQ(unseen.kind, "disk-full")
        << "whose panic it was, the agent's or the kernel's, is not known";
    EXPECT_NE(unseen.complaint, "") << "and so it is not made again";
    full.outcome = Cancelled{};
    EXPECT_NE(classify_end(full, {true, false, "", ""}, console("[ 1.0] x\n"), {}, "log",
                           std::chrono::seconds(60))
                  .error()
                  .complaint,
              "");
    GuestEnd killed;
    killed.outcome = Signalled{9};
    killed.panicked = true;
    EXPECT_EQ(classify_end(killed, {true, false, "", ""}, console("[ 1.0] x\n"), {}, "log",
                           std::chrono::seconds(60))
                  .error()
                  .fault_domain,
              FaultDomain::Kernel)
        << "what came first";
}

} // namespace
} // namespace rig
