// SPDX-License-Identifier: GPL-2.0-or-later
// Which console lines are the kernel's and which a program's, and how that changes the outcome.
#include "guest/protocol/protocol.h"
#include "rig/boot/guest_boot.h"
#include "rig/guest_output/boot_outcome.h"
#include "rig/testing/fake_hypervisor.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using guest::FrameType;
using testing::FakeBoot;
using testing::FakeHypervisor;

class GuestWords : public ::testing::Test {
 protected:
    GuestWords() {
        tree_.put("image", "070701");
        Arm arm;
        arm.name = "ipi";
        arm.marker = "smp_call_function";
        spec_.arms = {arm};
        spec_.workload.iterations = 3;
        kernel_.boot_image = "bzImage";
    }
    Result<BootRecord> boot(FakeHypervisor& hypervisor) {
        const GuestSetup setup{
            spec_, {GuestClock::Virtual, Accelerator::Tcg}, dir_ / "image", hypervisor};
        return boot_guest(setup, kernel_, simple_plan("idle"), 1, dir_, {});
    }

    const std::string greeting_ = guest::encode(
        FrameType::Hello, R"({"protocol":1,"release":"6.12.117","version":"#1 SMP","cpus":4})");
    const std::string bye_ = guest::encode(FrameType::Bye, "");
    const std::string deadline_ = guest::encode(
        FrameType::Failure,
        R"({"stage":"deadline","message":"no end within 3600 s of the guest's clock"})");
    const std::string warning_ =
        "[    1.000001][   T44] WARNING: CPU: 1 PID: 44 at mm/x.c:3 foo+0x1/0x2\n"
        "[    1.000001][   T44] ---[ end trace 0000000000000000 ]---\n";
    // A workload that sleeps.
    const std::string tasks_ = guest::encode_artifact(
        guest::kTasks,
        R"({"workload": 44, "window_ms": 20, "ticks_per_s": 100, "left_out": 0, "tasks": [
            {"pid": 44, "tid": 44, "parent": 1, "comm": "sleep", "of_workload": true, "state": "S",
             "state_after": "T", "user_ticks": 1, "user_ticks_after": 1, "system_ticks": 1,
             "system_ticks_after": 1, "switches": 1, "switches_after": 1, "wchan": "",
             "syscall": "clock_nanosleep", "flags": 0, "stack": ""}]})");

    testing::TempTree tree_;
    std::filesystem::path dir_ = tree_.path();
    Spec spec_;
    Kernel kernel_;
};

// echo "WARNING: ..." > /dev/kmsg in a workload, with and without a splat of the kernel itself.
TEST_F(GuestWords, WhatAProgramWroteToTheLogIsNotTheKernels) {
    const std::string head = "[    5.000001][   T90]",
                      words = " WARNING: at mm/mine.c:1 x+0x1/0x2\n";
    const std::string fatal = "[    5.000002][   T90]", panic = " Kernel panic - not syncing: no\n";
    const auto log = [&](const std::string& kernels) {
        return "[ 0.0][ T0] Linux version 0.0\n" + kernels + head + guest::kUserSpace + words +
               fatal + guest::kUserSpace + panic;
    };
    const auto ends = [&](const std::string& sends, const std::string& kernels) {
        return FakeBoot{greeting_ + sends,
                        kernels + head + words + fatal + panic,
                        Exited{0},
                        "",
                        false,
                        0,
                        true,
                        "qemu says",
                        "",
                        log(kernels)};
    };
    FakeHypervisor hypervisor({ends(bye_, ""), ends(bye_, warning_), ends("", "")});
    const auto record = boot(hypervisor);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_TRUE(record->splats.empty());
    EXPECT_FALSE(std::filesystem::exists(dir_ / kSplatsFile));
    const auto real = boot(hypervisor);
    ASSERT_TRUE(real) << real.error().message;
    ASSERT_EQ(real->splats.size(), 1u);
    EXPECT_EQ(real->splats[0].title, "WARNING: at mm/x.c");
    EXPECT_EQ(slurp(dir_ / kSplatsFile).find("/dev/kmsg"), std::string::npos);
    // No log arrived: the splats count as the kernel's, and the message points out the doubt.
    const auto unknown = boot(hypervisor);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, "oops") << "a panic of the task that complained before";
    const std::string cannot = "no log of the kernel's arrived, and a console does not tell what a "
                               "program wrote to /dev/kmsg from the kernel's words";
    EXPECT_TRUE(unknown.error().message.ends_with("; " + cannot)) << unknown.error().message;
    EXPECT_TRUE(slurp(dir_ / kSplatsFile).ends_with("== " + cannot + "\n"));
}

// The agent also sends the log when the guest's own deadline passes.
TEST_F(GuestWords, AProgramsWordsAreNotTheKernelsInAGuestThatDidNotEndEither) {
    const std::string head = "[    5.000001][   T90]", words = " BUG: KASAN: mine in x+0x1/0x2\n";
    const auto sent = [&](const std::string& log) {
        return FakeBoot{greeting_ + tasks_ + guest::encode_artifact(guest::kKernelLog, log) +
                            deadline_,
                        head + words, Exited{0}, ""};
    };
    FakeHypervisor hypervisor({sent(head + guest::kUserSpace + words), sent(head + words)});
    EXPECT_EQ(boot(hypervisor).error().kind, "workload-hang");
    const auto real = boot(hypervisor).error();
    EXPECT_EQ(real.kind, "splat") << real.message;
    EXPECT_EQ(real.message.find("/dev/kmsg"), std::string::npos) << "the log tells";
}

// The guilty function is named next to the function in which the fault was found.
TEST_F(GuestWords, TheExcerptsNameTheGuiltyFunction) {
    const std::string oops =
        "[    1.000001][   T44] BUG: KASAN: use-after-free in strlen+0x3/0x10\n"
        "[    1.000001][   T44] Call Trace:\n"
        "[    1.000001][   T44]  my_open+0x11/0x20\n"
        "[    1.000001][   T44]  do_sys_open+0x1/0x2\n"
        "[    1.000001][   T44] ==================\n";
    FakeHypervisor hypervisor({{greeting_ + bye_, oops + warning_, Exited{0}, ""}});
    const auto record = boot(hypervisor);
    ASSERT_TRUE(record) << record.error().message;
    const auto text = slurp(dir_ / kSplatsFile);
    EXPECT_TRUE(text.starts_with(
        "== kasan: BUG: KASAN: use-after-free, in strlen; guilty: my_open (1 ×)\n"))
        << text;
    EXPECT_NE(text.find("== warning: WARNING: at mm/x.c, in foo (1 ×)\n"), std::string::npos)
        << "itself";
}

} // namespace
} // namespace rig
