// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/guest_boot.h"

#include "guest/protocol/protocol.h"
#include "rig/base/files.h"
#include "rig/base/guest_clock.h"
#include "rig/boot/kvm_probe.h"
#include "rig/guest_output/boot_outcome.h"
#include "rig/kernel/initramfs.h"
#include "rig/kernel/kernel.h"
#include "rig/testing/captured.h"
#include "rig/testing/fake_hypervisor.h"

#include <csignal>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace rig {
namespace {

using guest::encode;
using guest::FrameType;
using testing::FakeBoot;
using testing::FakeHypervisor;

const std::string kHello =
    encode(FrameType::Hello, R"({"protocol":1,"release":"6.12.117","version":"#1 SMP","cpus":4})");
const std::string kWarning = "[ 1.0][ T44] WARNING: CPU: 1 PID: 44 at mm/x.c:3 foo+0x1/0x2\n[ "
                             "1.0][ T44] ---[ end trace 0000000000000000 ]---\n";
const std::string kOops =
    "[ 1.0][ T44] BUG: kernel NULL pointer dereference, address: 0000000000000000\n[ 1.0][ T44] "
    "Oops: Oops: 0002 [#1] SMP\n"
    "[ 1.0][ T44] RIP: 0010:foo+0x1/0x2\n[ 1.0][ T44] ---[ end trace 0000000000000000 ]---\n[ "
    "1.0][ T44] Kernel panic - not syncing: Fatal exception\n";
const std::string kBye = encode(FrameType::Bye, "");

const std::string
    kInUserMode =
        "RBP=0000000000000000 RSP=00007ffffffe\nRIP=0000000000401b3c RFL=00000246 [---Z-P-] "
        "CPL=3 II=0 A20=1 SMM=0 HLT=0\n",
    kInKernel =
        "RBP=0000000000000000 RSP=ffffc90000123d90\nRIP=ffffffff815a0e10 RFL=00000246 [---Z-P-] "
        "CPL=0 II=0 A20=1 SMM=0 HLT=0\n";
const std::string kDeadline =
    encode(FrameType::Failure,
           R"({"stage":"deadline","message":"no end within 3600 s of the guest's clock"})");
// The agent's report on a workload with one task.
std::string tasks(const std::string& before, const std::string& after) {
    const nlohmann::json task = {{"pid", 44},
                                 {"tid", 44},
                                 {"parent", 1},
                                 {"comm", "cat"},
                                 {"of_workload", true},
                                 {"state", before},
                                 {"state_after", after},
                                 {"user_ticks", 1},
                                 {"user_ticks_after", 1},
                                 {"system_ticks", 1},
                                 {"system_ticks_after", 1},
                                 {"switches", 1},
                                 {"switches_after", 1},
                                 {"wchan", "pipe_read"},
                                 {"syscall", "read"},
                                 {"flags", 0},
                                 {"stack", ""}};
    return guest::encode_artifact(guest::kTasks, nlohmann::json{{"workload", 44},
                                                                {"window_ms", 20},
                                                                {"ticks_per_s", 100},
                                                                {"left_out", 0},
                                                                {"tasks", {task}}}
                                                     .dump());
}

// A guest that had not ended at the host's deadline, with the same registers at each look.
FakeBoot looping(const std::string& console, const std::string& registers) {
    FakeBoot boot{kHello, console, TimedOut{}, ""};
    boot.messages.clear();
    boot.registers = registers;
    boot.registers_again = {registers, registers};
    return boot;
}

class GuestRun : public ::testing::Test {
 protected:
    void SetUp() override {
        std::string pattern = ::testing::TempDir() + "rig-run-XXXXXX";
        ASSERT_TRUE(::mkdtemp(pattern.data()));
        dir_ = pattern;
        std::ofstream(dir_ / "image") << "070701";
        Arm arm;
        arm.name = "ipi";
        arm.marker = "smp_call_function";
        spec_.arms = {arm};
        spec_.workload.iterations = 3;
        kernel_.boot_image = "bzImage";
    }
    void TearDown() override { std::filesystem::remove_all(dir_); }

    Result<BootRecord> boot(FakeHypervisor& hypervisor, GuestClock clock = GuestClock::Virtual) {
        const GuestSetup setup{spec_, {clock, Accelerator::Tcg}, dir_ / "image", hypervisor};
        return boot_guest(setup, kernel_, simple_plan("idle"), 1, dir_, {});
    }
    std::filesystem::path dir_;
    Spec spec_;
    Kernel kernel_;
};

struct BootEnd {
    const char* what;
    FakeBoot boot;
    BootOutcome ending;
    const char* message;
};

TEST_F(GuestRun, EveryEndingIsToldFromTheOthers) {
    const std::string artifact = guest::encode_artifact("console.log", "nothing happened");
    const BootEnd ends[] = {
        {"QEMU not found",
         {"", "", Exited{0}, "QEMU did not start: cannot execute"},
         BootOutcome::HypervisorStart,
         "did not start"},
        {"QEMU fails",
         {"", "", Exited{1}, ""},
         BootOutcome::HypervisorExit,
         "exit code 1: qemu says"},
        {"QEMU is killed",
         {kHello, "", Signalled{9}, ""},
         BootOutcome::HypervisorSignal,
         "killed by signal 9"},
        {"no agent",
         {"", "last words\n", TimedOut{}, ""},
         BootOutcome::DeadAtBoot,
         "no sign of the agent"},
        {"no end",
         {kHello, "last words\n", TimedOut{}, ""},
         BootOutcome::UndecidedHang,
         "nothing tells whether the kernel or the workload is why"},
        {"a loop in user mode", looping("last words\n", kInUserMode), BootOutcome::WorkloadHang,
         "the workload did not come to its end within 120 s; a program loops in user mode: vCPU 0"},
        {"a loop in the kernel", looping("last words\n", kInKernel), BootOutcome::Hang,
         "the guest hung, in silence: none of the kernel's detectors spoke; vCPU 0 was in the "
         "kernel, for one task, all 3 times that its registers were read; no end within 120 s"},
        {"a loop in user mode that a detector found all the same",
         looping("[ 30.0][ C1] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [sh:44]\n",
                 kInUserMode),
         BootOutcome::SoftLockup, "found by soft-lockup"},
        {"tasks that sleep",
         {kHello + tasks("S", "T") + kDeadline, "[ 30.0] last words\n", Exited{0}, ""},
         BootOutcome::WorkloadHang,
         "the workload did not come to its end within 3600 s of the guest's clock; cat (pid 44) "
         "sleeps interruptibly in read(2), in pipe_read()"},
        {"a task that the kernel keeps",
         {kHello + tasks("D", "D") + kDeadline, "[ 30.0] last words\n", Exited{0}, ""},
         BootOutcome::Hang,
         "none of the kernel's detectors spoke; cat (pid 44) sleeps uninterruptibly in read(2), in "
         "pipe_read(); no end within 3600 s of the guest's clock"},
        {"a task of which nothing is known",
         {kHello + tasks("R", "D") + kDeadline, "[ 30.0] last words\n", Exited{0}, ""},
         BootOutcome::UndecidedHang,
         "cat (pid 44) did not stop when it was told to (state R, then D)"},
        {"the same, and the host's clock ended it",
         {kHello + tasks("S", "T") + kDeadline, "", TimedOut{}, ""},
         BootOutcome::WorkloadHang,
         "cat (pid 44)"},
        {"panic",
         {kHello, "[ 1.0] Kernel panic - not syncing: x\n", Exited{0}, ""},
         BootOutcome::Panic,
         "kernel panic: Kernel panic - not syncing: x"},
        {"oops",
         {kHello, kOops, Exited{0}, ""},
         BootOutcome::Oops,
         "kernel panic: BUG: kernel NULL pointer dereference, in foo (Kernel panic - not syncing: "
         "Fatal exception)"},
        {"panic, whatever QEMU does then",
         {kHello, "[ 1.0] Kernel panic - not syncing: x\n", Signalled{9}, ""},
         BootOutcome::Panic,
         "kernel panic"},
        {"panic after a splat",
         {kHello, kWarning + "[ 9.0][ T44] Kernel panic - not syncing: x\n", Exited{0}, ""},
         BootOutcome::Panic,
         "before that: WARNING: at mm/x.c, in foo"},
        {"no initramfs",
         {"",
          "[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n",
          Exited{0}, ""},
         BootOutcome::Panic,
         "Unable to mount root fs"},
        {"agent crash",
         {kHello,
          "[ 1.0] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n",
          Exited{0}, ""},
         BootOutcome::AgentCrash,
         "the agent died"},
        {"agent crash after a splat",
         {kHello,
          kWarning +
              "[ 2.0] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n",
          Exited{0}, ""},
         BootOutcome::Panic,
         "before that: WARNING: at mm/x.c, in foo"},
        {"out of memory",
         {kHello,
          "[ 1.0] Out of memory: Killed process 1 (init)\n[ 1.0] Kernel panic - not syncing: "
          "Attempted to kill init! exitcode=0x9\n",
          Exited{0}, ""},
         BootOutcome::AgentCrash,
         "raise guest.memory_mib"},
        {"QEMU is killed after a splat",
         {kHello, kWarning, Signalled{9}, ""},
         BootOutcome::HypervisorSignal,
         "killed by signal 9"},
        {"QEMU fails after a splat",
         {kHello, kWarning, Exited{1}, ""},
         BootOutcome::HypervisorExit,
         "exit code 1"},
        {"reset after a splat",
         {kHello, kWarning, Exited{0}, ""},
         BootOutcome::Splat,
         "kernel splat: WARNING: at mm/x.c, in foo; then: the guest was reset before the agent "
         "said good-bye"},
        {"workload fails after a splat",
         {kHello + encode(FrameType::Failure, R"({"stage":"perf","message":"no event"})") + kBye,
          kWarning, Exited{0}, ""},
         BootOutcome::Splat,
         "kernel splat: WARNING: at mm/x.c, in foo; then: the agent gave up"},
        {"workload fails for want of memory",
         {kHello + encode(FrameType::Failure, R"({"stage":"perf","message":"no event"})") + kBye,
          "[ 1.0] Out of memory: Killed process 44 (perf)\n", Exited{0}, ""},
         BootOutcome::AgentFailure,
         "raise guest.memory_mib"},
        {"flood",
         {kHello, "[ 1.0] words\n", Cancelled{}, "", true},
         BootOutcome::ConsoleFlood,
         "console flood: more than 64 MiB"},
        {"flood after a splat",
         {kHello, kWarning, Cancelled{}, "", true},
         BootOutcome::Splat,
         "then: console flood"},
        {"RCU stall",
         {kHello,
          "[ 30.0][ C1] rcu: INFO: rcu_sched self-detected stall on CPU\n[ 30.0][ C1] RIP: "
          "0010:foo+0x1/0x2\n",
          TimedOut{}, ""},
         BootOutcome::RcuStall,
         "the guest hung, found by rcu-stall: rcu: INFO: rcu_sched self-detected stall, in foo; no "
         "end within"},
        {"soft lockup at boot",
         {"", "[ 30.0][ C1] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [swapper/1:1]\n",
          TimedOut{}, ""},
         BootOutcome::SoftLockup,
         "no sign of the agent within 120 s (found by soft-lockup: BUG: soft lockup)"},
        {"hard lockup",
         {kHello, "[ 30.0][ C1] watchdog: Watchdog detected hard LOCKUP on cpu 1\n", TimedOut{},
          ""},
         BootOutcome::HardLockup,
         "found by hard-lockup"},
        {"a lockup that stalls RCU first",
         {kHello,
          "[ 6.0][ C0] rcu: INFO: rcu_sched self-detected stall on CPU\n[ 6.0][ C0] RIP: "
          "0010:foo+0x1/0x2\n[ 30.0][ C0] watchdog: BUG: soft lockup - CPU#0 stuck for 11s! "
          "[sh:103]\n[ 30.0][ C0] RIP: 0010:foo+0x1/0x2\n",
          TimedOut{}, ""},
         BootOutcome::SoftLockup,
         "found by soft-lockup"},
        {"hung task",
         {kHello, "[ 30.0][ T9] INFO: task munmap:44 blocked for more than 120 seconds.\n",
          TimedOut{}, ""},
         BootOutcome::HungTask,
         "found by hung-task: INFO: task hung"},
        {"workqueue lockup",
         {kHello, "[ 30.0][ C1] BUG: workqueue lockup - pool cpus=0 stuck for 43s!\n", TimedOut{},
          ""},
         BootOutcome::WorkqueueLockup,
         "found by workqueue-lockup"},
        {"silence",
         {kHello, "[ 30.0] last words\n", TimedOut{}, ""},
         BootOutcome::UndecidedHang,
         "the guest did not come to its end within 120 s, and nothing tells whether the kernel or "
         "the workload is why; the vCPUs' registers were not read; the console ends with:\n[ 30.0] "
         "last words"},
        {"silence by the guest's clock",
         {kHello + kDeadline, "[ 30.0] last words\n", Exited{0}, ""},
         BootOutcome::UndecidedHang,
         "within 3600 s of the guest's clock, and nothing tells whether the kernel or the workload "
         "is why; the agent did not say what the tasks did; the console ends with:\n[ 30.0] last "
         "words"},
        {"a hung task by the guest's clock",
         {kHello + tasks("D", "D") + kDeadline,
          "[ 30.0][ T9] INFO: task munmap:44 blocked for more than 120 seconds.\n", Exited{0}, ""},
         BootOutcome::HungTask,
         "found by hung-task"},
        {"silence after a splat",
         {kHello, kWarning, TimedOut{}, ""},
         BootOutcome::Splat,
         "kernel splat: WARNING: at mm/x.c, in foo; then: the guest did not come to its end "
         "within"},
        {"a host without time for it",
         {kHello, "", TimedOut{}, "", false, 61},
         BootOutcome::Starved,
         "for 61 s of these the host ran something else"},
        {"the same after a splat",
         {kHello, kWarning, TimedOut{}, "", false, 61},
         BootOutcome::Starved,
         "it is too busy"},
        {"a host that is only half busy",
         {kHello, "", TimedOut{}, "", false, 59},
         BootOutcome::UndecidedHang,
         "nothing tells"},
        {"silence from the start",
         {"", "", TimedOut{}, ""},
         BootOutcome::DeadAtBoot,
         "the console is empty"},
        {"power-off by the workload",
         {kHello, "[ 3.0] reboot: Power down\n", Exited{0}, ""},
         BootOutcome::EndedByGuest,
         "powered off or restarted from within"},
        {"reset by SysRq",
         {kHello, "[ 3.0] sysrq: Resetting\n", Exited{0}, ""},
         BootOutcome::EndedByGuest,
         "powered off or restarted from within"},
        {"no memory",
         {"", "", Exited{1}, "", false, 0, true,
          "qemu: cannot set up guest memory 'pc.ram': Cannot allocate memory"},
         BootOutcome::OutOfMemory,
         "pc.ram"},
        {"no descriptors",
         {"", "", Exited{1}, "", false, 0, true, "qemu: could not open 'x': Too many open files"},
         BootOutcome::OutOfDescriptors,
         "Too many open files"},
        {"a file too large",
         {kHello, "", Signalled{SIGXFSZ}, ""},
         BootOutcome::Protocol,
         "the guest wrote more than 320 MiB"},
        {"reset",
         {kHello, "", Exited{0}, ""},
         BootOutcome::Reset,
         "before the agent said good-bye"},
        {"early power-off",
         {"", "", Exited{0}, ""},
         BootOutcome::EarlyEnd,
         "before the agent was up"},
        {"agent gives up",
         {kHello + encode(FrameType::Failure, R"({"stage":"perf","message":"no event"})") + kBye,
          "", Exited{0}, ""},
         BootOutcome::AgentFailure,
         "gave up: perf: no event"},
        {"garbage",
         {kHello + "garbage that is no frame", "", Exited{0}, ""},
         BootOutcome::Protocol,
         "protocol violation"},
        {"bad JSON",
         {encode(FrameType::Hello, "{"), "", Exited{0}, ""},
         BootOutcome::Protocol,
         "protocol violation"},
        {"a console kept silent",
         {kHello + kBye, "[ 1.0] booting\n", Exited{0}, "", false, 0, false},
         BootOutcome::SilencedConsole,
         "so that no splat could have been seen"},
        {"a console kept silent for a while",
         {kHello + kBye, "[ 1.0] booting\n", Exited{0}, "", false, 0, true, "", "", kWarning},
         BootOutcome::Splat,
         "kernel splat: WARNING: at mm/x.c, in foo; then: the console did not show it"},
        {"an agent that keeps the log",
         {kHello + kBye, "[ 1.0] booting\n", Exited{0}, "", false, 0, true, "", "", ""},
         BootOutcome::BadEvidence,
         "did not send kernel-log.txt"},
        {"a detector switched off",
         {kHello + kBye, "[ 1.0] booting\n", Exited{0}, "", false, 0, true, "", "", std::nullopt,
          "kernel.watchdog 1 -> 0\nrcupdate.rcu_cpu_stall_suppress 0\n"},
         BootOutcome::MutedDetector,
         "kernel.watchdog 1 -> 0"},
        {"an agent that keeps the switches",
         {kHello + kBye, "[ 1.0] booting\n", Exited{0}, "", false, 0, true, "", "", std::nullopt,
          std::nullopt},
         BootOutcome::BadEvidence,
         "did not send detectors.txt"},
        {"a panic without a word",
         {kHello, "[ 1.0] booting\n", Exited{0}, "", false, 0, true, "", "", std::nullopt, "",
          true},
         BootOutcome::Panic,
         "the console ends with:\n[ 1.0] booting"},
        {"no user space any more",
         {kHello, "[ 30.0] last words\n", WatchdogFired{}, ""},
         BootOutcome::Hang,
         "no end within 1200 s of the guest's clock since its user space last showed that it runs"},
        {"a watchdog that nobody keeps any more",
         {kHello, "[ 30.0] last words\n", WatchdogFired{}, "", false, 0, true, "",
          "RIP=ffffffff81a0f61b RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\n"},
         BootOutcome::AgentFailure,
         "every vCPU responds"},
        {"a name of ours",
         {kHello + artifact, "", Exited{0}, ""},
         BootOutcome::Protocol,
         "unexpected artifact"},
    };
    for (const auto& ending : ends) {
        FakeHypervisor hypervisor({ending.boot});
        const auto record = boot(hypervisor);
        ASSERT_FALSE(record) << ending.what;
        EXPECT_EQ(record.error().kind, about(ending.ending).name)
            << ending.what << ": " << record.error().message;
        EXPECT_EQ(record.error().fault_domain, about(ending.ending).fault_domain)
            << ending.what << ": " << record.error().message;
        EXPECT_NE(record.error().message.find(ending.message), std::string::npos)
            << ending.what << ": " << record.error().message;
    }
}

// What the agent sends only if the experiment asks for it is no violation of the protocol.
TEST_F(GuestRun, OutputOfStepsAndTheCpuInfoAreKept) {
    const std::vector<std::string> names{"counted-setup.txt", "counted-check.txt",
                                         "timed-teardown.txt", "cpuinfo.txt"};
    auto sent = kHello;
    for (const auto& name : names)
        sent += guest::encode_artifact(name, "said");
    FakeHypervisor hypervisor({{sent + kBye, "fine\n", Exited{0}, ""}});
    const auto record = boot(hypervisor);
    ASSERT_TRUE(record) << record.error().message;
    for (const auto& name : names)
        EXPECT_EQ(record->artifacts.at(name), "said") << name;
}

TEST_F(GuestRun, AGoodEndKeepsWhatTheGuestSent) {
    FakeHypervisor hypervisor({{kHello + guest::encode_artifact("kprobes.txt", "one ") +
                                    guest::encode_artifact("kprobes.txt", "two") + kBye,
                                "fine\n", Exited{0}, ""}});
    const auto record = boot(hypervisor);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_EQ(record->artifacts.at("kprobes.txt"), "one two");
    EXPECT_EQ(record->release, "6.12.117");
    std::ifstream kept(dir_ / "kprobes.txt");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), "one two");
}

TEST_F(GuestRun, AGuestThatHangsLeavesItsRegisters) {
    FakeHypervisor hypervisor({{kHello,
                                "[ 1.0] words\n",
                                TimedOut{},
                                "",
                                false,
                                0,
                                true,
                                "",
                                "CPU#0\nRIP=1\n",
                                std::nullopt,
                                "",
                                false,
                                {"CPU#0\nRIP=2\n"}},
                               {kHello + kBye, "fine\n", Exited{0}, ""}});
    const auto record = boot(hypervisor);
    ASSERT_FALSE(record);
    EXPECT_NE(record.error().message.find("registers.txt"), std::string::npos)
        << record.error().message;
    EXPECT_EQ(slurp(dir_ / kRegistersFile),
              "CPU#0\nRIP=1\n\n== again, 100 ms of running later\nCPU#0\nRIP=2\n");
    ASSERT_TRUE(boot(hypervisor));
    EXPECT_FALSE(std::filesystem::exists(dir_ / kRegistersFile)) << "of the attempt before";
    EXPECT_FALSE(hypervisor.requests[0].monitor.empty());
    EXPECT_TRUE(hypervisor.requests[0].memory_dump.empty());
}

// Splats that the kernel survived are data; the experiment decides what they mean.
TEST_F(GuestRun, ASplatInABootThatCompletedIsData) {
    std::string many = kWarning + kWarning;
    for (char c = 'a'; c <= 'z'; ++c)
        many += "[ 5.0][ T" + std::to_string(100 + c) + "] BUG: " + c + "\n[ 5.0][ T" +
                std::to_string(200 + c) + "] BUG: " + c + c + "\n";
    FakeHypervisor hypervisor(
        {{kHello + kBye, many, Exited{0}, ""}, {kHello + kBye, "fine\n", Exited{0}, ""}});
    const auto record = boot(hypervisor);
    ASSERT_TRUE(record) << record.error().message;
    ASSERT_EQ(record->splats.size(), 32u);
    EXPECT_EQ(record->splats[0],
              (SampleSplat{SplatKind::Warning, "WARNING: at mm/x.c", "foo", {}, 2}));
    EXPECT_EQ(record->further_splats, 1u + 2 * 26 - 32);
    const auto text = slurp(dir_ / kSplatsFile);
    EXPECT_TRUE(text.starts_with(
        "== warning: WARNING: at mm/x.c, in foo (2 ×)\n[ 1.0][ T44] WARNING: CPU: 1"))
        << text;
    EXPECT_NE(text.find("21 more"), std::string::npos);
    // The next attempt in the same folder is clean, and so is its evidence.
    const auto clean = boot(hypervisor);
    ASSERT_TRUE(clean);
    EXPECT_TRUE(clean->splats.empty());
    EXPECT_FALSE(std::filesystem::exists(dir_ / kSplatsFile));
}

// Bytes sent over the channel would arrive at a time that the host determines, so rig sends none.
TEST_F(GuestRun, CommandsTravelInTheImage) {
    FakeHypervisor hypervisor({{kHello + kBye, "", Exited{0}, ""}});
    ASSERT_TRUE(boot(hypervisor, GuestClock::Virtual));
    ASSERT_TRUE(boot(hypervisor, GuestClock::Wall));
    for (const auto& initrd : hypervisor.initrds)
        EXPECT_NE(initrd.find(encode(FrameType::Plan, simple_plan("idle").dump())),
                  std::string::npos);
    // The scratch folder is gone.
    EXPECT_FALSE(std::filesystem::exists(hypervisor.requests[0].channel.parent_path()));
}

TEST_F(GuestRun, AMeasuredBootBecomesASample) {
    std::string sends = kHello;
    for (const auto& [name, content] : testing::captured_boot("6.12-ipi"))
        sends += guest::encode_artifact(name, content);
    FakeHypervisor hypervisor(
        {{sends + encode(FrameType::Result, "{}") + kBye, "", Exited{0}, ""}});
    const auto symbols = SymbolTable::parse(
        "ffffffff810e3eb0 T smp_call_function\nffffffff8116e390 t tlb_remove_table_smp_sync\n"
        "ffffffff8116e420 t tlb_remove_table_one\nffffffff8116e8d0 T "
        "tlb_remove_table\nffffffff8116eaf0 T x\n",
        "m");
    spec_.faults[0].function = "tlb_remove_table";
    spec_.target.function = "tlb_remove_table_one";
    spec_.target.sync_function = "tlb_remove_table_smp_sync";
    const auto plan = make_plan(spec_, spec_.arms[0], *symbols, {});
    const GuestSetup setup{
        spec_, {GuestClock::Virtual, Accelerator::Tcg}, dir_ / "image", hypervisor};
    const auto sample = measure_boot(setup, kernel_, *plan, {"ipi", 2, 99, 5}, dir_, {});
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->id.order, 5u);
    EXPECT_EQ(sample->run_clock, "virtual");
    EXPECT_EQ(sample->exercised.injections, 12u);
    EXPECT_EQ(hypervisor.requests[0].seed, 99u);
}

TEST_F(GuestRun, KvmIsProbedOncePerHostBoot) {
    FakeHypervisor hypervisor({{"", "", TimedOut{}, ""}});
    const GuestSetup setup{spec_, {GuestClock::Wall, Accelerator::Kvm}, dir_ / "image", hypervisor};
    const bool there = ::access("/dev/kvm", R_OK | W_OK) == 0;
    const auto first = probe_kvm(setup, kernel_, dir_, {});
    const auto boots = hypervisor.requests.size();
    const auto second = probe_kvm(setup, kernel_, dir_, {});
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(first->works);
    EXPECT_EQ(boots, there ? 1u : 0u);
    EXPECT_EQ(hypervisor.requests.size(), boots); // stored result used
    EXPECT_EQ(first->why, second->why);
    if (there) {
        EXPECT_EQ(hypervisor.requests[0].deadline, kKvmProbeDeadline);
        EXPECT_NE(first->why.find("no sign of the agent"), std::string::npos) << first->why;
    }
}

TEST_F(GuestRun, TheProbesReasonIsOneLine) {
    EXPECT_EQ(reason_in_one_line(
                  "QEMU was killed by signal 6: qemu-system-x86_64: -accel kvm: warning: Number of "
                  "SMP cpus (4) exceeds (2)\n"
                  "qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69\nqemu-system-x86_64: "
                  "kvm.c:3183: kvm_buf_set_msrs: Assertion `x' failed.\n"),
              "QEMU was killed by signal 6: error: failed to set MSR 0x10a to 0x69 kvm.c:3183: "
              "kvm_buf_set_msrs: Assertion `x' failed.");
    EXPECT_EQ(reason_in_one_line(
                  "no sign of the agent within 6 s (in silence); the console ends with:\n[ 1.0] x"),
              "no sign of the agent within 6 s (in silence)");
    EXPECT_EQ(reason_in_one_line("qemu-system-x86_64: warning: x\n"), "");
}

TEST_F(GuestRun, TheProbesMemoEndsWithTheHostsBoot) {
    ASSERT_TRUE(remember_probe(dir_, "boot-1", "qemu", {true, "fine", 0.4}));
    ASSERT_TRUE(remembered_probe(dir_, "boot-1", "qemu"));
    EXPECT_TRUE(remembered_probe(dir_, "boot-1", "qemu")->works);
    EXPECT_FALSE(remembered_probe(dir_, "boot-2", "qemu"));
    for (const char* damaged :
         {R"({"boot_id": 5})", R"({"boot_id": "boot-1", "adapters": 3})",
          R"({"boot_id": "boot-1", "works": true, "why": "", "seconds": 1})", "[]", "not json"}) {
        std::ofstream(dir_ / "kvm-probe.json") << damaged;
        EXPECT_FALSE(remembered_probe(dir_, "boot-1", "qemu")) << damaged;
        EXPECT_TRUE(remember_probe(dir_, "boot-1", "qemu", {})) << damaged;
        EXPECT_TRUE(remembered_probe(dir_, "boot-1", "qemu")) << damaged;
    }
}

TEST_F(GuestRun, TheProbesMemoIsOfOneAdapter) {
    ASSERT_TRUE(remember_probe(dir_, "boot-1", "qemu", {true, "fine", 0.4}));
    EXPECT_FALSE(remembered_probe(dir_, "boot-1", "qemu:///system"));
    ASSERT_TRUE(remember_probe(dir_, "boot-1", "qemu:///system", {false, "no rights", 0.1}));
    EXPECT_TRUE(remembered_probe(dir_, "boot-1", "qemu")->works);
    EXPECT_EQ(remembered_probe(dir_, "boot-1", "qemu:///system")->why, "no rights");
    ASSERT_TRUE(remember_probe(dir_, "boot-2", "qemu",
                               {})); // the result of another boot of the host is dropped
    EXPECT_FALSE(remembered_probe(dir_, "boot-2", "qemu:///system"));
}

} // namespace
} // namespace rig
