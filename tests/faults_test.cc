// SPDX-License-Identifier: GPL-2.0-or-later
// Every way in which a boot can end, made to happen for real: broken kernels, a hostile guest, a
// host that lacks something. What rig calls it must be that and nothing else. Not part of
// ./bootstrap test; the table it prints is kept in docs/evaluation/fault-matrix.md.
#include "rig/guest_output/boot_outcome.h"
#include "rig/results/run_store.h"
#include "tests/libvirtd.h"
#include "tests/rig_program.h"

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

namespace rig {
namespace {

using nlohmann::json;
using namespace rig::testing; // the fixture

struct Fault {
    std::string name;
    BootOutcome ending;
    std::vector<std::string> set; // KEY=VALUE of --set
    std::string
        before{}; // a shell script that ends in "$@" and so runs rig; $dir is the case's folder
    enum { Both, Direct, Libvirt } adapter = Both;
    std::string
        says{}; // part of the message, where the ending alone does not tell how it was found
};

std::string command(const std::string& script) {
    return "workload.command=" + json({"/bin/sh", "-c", script}).dump();
}
std::string lkdtm(const std::string& type) {
    return command("echo " + type + " > /sys/kernel/debug/provoke-crash/DIRECT; sleep 100000");
}
std::string kernel_words(const std::string& words) {
    return "guest.extra_cmdline=" +
           json("rcupdate.rcu_cpu_stall_timeout=5 watchdog_thresh=2 workqueue.watchdog_thresh=5 " +
                words)
               .dump();
}
// A loop that waits with PAUSE: each leaves the emulator's loop, and seconds of the virtual clock,
// which the detectors count, take hours.
const std::string kWall = "guest.clock=\"wall\"";
// A guest that never was rig's agent: PID 1 is a shell.
std::string hostile(const std::string& script) {
    return "guest.extra_cmdline=" + json("rdinit=/bin/busybox -- sh -c \"busybox mount -t devtmpfs "
                                         "d /dev; busybox mkdir -p /sys; busybox mount -t sysfs d "
                                         "/sys; busybox mount -t debugfs d /sys/kernel/debug; " +
                                         script + "; while :; do busybox sleep 100000; done\"")
                                        .dump();
}
// A QEMU that is the real one after `script`.
std::string instead_of_qemu(const std::string& script) {
    return "mkdir -p $dir/bin; printf '%s\\n' '#!/bin/bash' '" + script +
           "' > $dir/bin/qemu-system-x86_64; chmod +x $dir/bin/qemu-system-x86_64; "
           "PATH=$dir/bin:$PATH \"$@\"";
}
// `script` once the guest runs; $qemu is its pid, by whichever adapter.
std::string meanwhile(const std::string& script) {
    return "set -m; \"$@\" & rig=$!; until qemu=$(pgrep -P $rig qemu || pgrep -f guest=rig-$rig-); "
           "do kill -0 $rig || break; sleep 0.1; done; sleep 1; " +
           script + "; wait $rig";
}

const std::vector<Fault> kFaults = {
    {"panic()", BootOutcome::Panic, {lkdtm("PANIC")}},
    {"panic() after the console was taken away",
     BootOutcome::Panic,
     {command("echo N > /sys/class/tty/ttyS0/console; echo PANIC > "
              "/sys/kernel/debug/provoke-crash/DIRECT")},
     "",
     Fault::Both,
     "told the machine's panic device"},
    {"BUG()", BootOutcome::Oops, {lkdtm("BUG")}},
    {"write through a null pointer", BootOutcome::Oops, {lkdtm("EXCEPTION")}},
    {"stack exhausted", BootOutcome::Oops, {lkdtm("EXHAUST_STACK")}},
    {"WARN(), then the workload fails",
     BootOutcome::Splat,
     {command("echo WARNING > /sys/kernel/debug/provoke-crash/DIRECT; exit 1")}},
    {"loop with preemption off",
     BootOutcome::SoftLockup,
     {kWall, lkdtm("SOFTLOCKUP"), kernel_words("")}},
    {"loop with interrupts off",
     BootOutcome::HardLockup,
     {kWall, lkdtm("HARDLOCKUP"), kernel_words("")}},
    {"the same, a slow soft-lockup detector",
     BootOutcome::RcuStall,
     {kWall, lkdtm("SOFTLOCKUP"), kernel_words("watchdog_thresh=60")}},
    {"task that never wakes",
     BootOutcome::HungTask,
     {lkdtm("HUNG_TASK"), kernel_words("sysctl.kernel.hung_task_timeout_secs=3")}},
    {"work that keeps its CPU",
     BootOutcome::WorkqueueLockup,
     {kWall, lkdtm("WORKQUEUE_LOCKUP"),
      kernel_words("nosoftlockup rcupdate.rcu_cpu_stall_suppress=1")}},
    {"loop, no detector at all",
     BootOutcome::Hang,
     {lkdtm("LOOP"), kernel_words("nosoftlockup rcupdate.rcu_cpu_stall_suppress=1 nowatchdog")},
     "",
     Fault::Both,
     "was in the kernel, for one task, all 24 times"},
    {"task that never wakes, no detector",
     BootOutcome::Hang,
     {lkdtm("HUNG_TASK"), kernel_words("sysctl.kernel.hung_task_timeout_secs=0")},
     "",
     Fault::Both,
     "sleeps uninterruptibly in write(2)"},
    {"such a task, of a script that merely waits for it",
     BootOutcome::Hang,
     {command("echo HUNG_TASK > /sys/kernel/debug/provoke-crash/DIRECT & wait"),
      kernel_words("sysctl.kernel.hung_task_timeout_secs=0")},
     "",
     Fault::Both,
     "sleeps uninterruptibly in write(2)"},
    {"workload that sleeps",
     BootOutcome::WorkloadHang,
     {command("sleep 100000")},
     "",
     Fault::Both,
     "sleeps interruptibly in clock_nanosleep(2)"},
    {"workload that reads a FIFO nobody writes",
     BootOutcome::WorkloadHang,
     {command("mkfifo /tmp/fifo; cat /tmp/fifo")},
     "",
     Fault::Both,
     "sleeps interruptibly in open"},
    {"workload that loops in user mode",
     BootOutcome::WorkloadHang,
     {command("while :; do :; done")},
     "",
     Fault::Both,
     "a program loops in user mode"},
    {"workload that stops itself",
     BootOutcome::WorkloadHang,
     {command("kill -STOP $$")},
     "",
     Fault::Both,
     "was stopped by a signal"},
    {"workload that sleeps, and the host's clock ends it",
     BootOutcome::UndecidedHang,
     {kWall, command("sleep 100000")},
     "",
     Fault::Both,
     "every vCPU idles"},
    {"all CPUs halted with interrupts off",
     BootOutcome::Hang,
     {lkdtm("ALL_CPUS_HALTED")},
     "",
     Fault::Both,
     "the machine's watchdog fired"},
    {"the process killed that keeps the watchdog",
     BootOutcome::AgentFailure,
     {command("killall -9 rig-deadline; sleep 100000")},
     "",
     Fault::Both,
     "every vCPU responds"},
    {"no agent", BootOutcome::DeadAtBoot, {hostile("true")}},
    {"triple fault before the agent",
     BootOutcome::EarlyEnd,
     {hostile("echo TRIPLE_FAULT > /sys/kernel/debug/provoke-crash/DIRECT")}},
    {"triple fault", BootOutcome::Reset, {lkdtm("TRIPLE_FAULT")}},
    {"endless console",
     BootOutcome::ConsoleFlood,
     {command("yes a line that never ends, of a program that has gone mad > /dev/ttyS0"),
      "guest.deadline_seconds=1200"}},
    {"the agent's memory overwritten",
     BootOutcome::AgentCrash,
     {command("start=$(grep -m1 r-xp /proc/1/maps | cut -d- -f1); dd if=/dev/zero of=/proc/1/mem "
              "bs=4096 seek=$((0x$start / 4096)) count=400 conv=notrunc")}},
    {"an event the kernel lacks",
     BootOutcome::AgentFailure,
     {"metrics.missing.event=\"csd:csd_lost\"", "metrics.missing.expect=\"report\""}},
    {"workload killed by a signal", BootOutcome::WorkloadCrash, {command("kill -SEGV $PPID")}},
    {"workload's exit code 1", BootOutcome::WorkloadFailure, {command("exit 1")}},
    {"workload's own words in the kernel's log, then exit code 1",
     BootOutcome::WorkloadFailure,
     {command("dmesg -n 8; for words in 'WARNING: CPU: 0 PID: 9 at mm/mine.c:1 mine+0x1/0x2' "
              "'<7>BUG: KASAN: "
              "use-after-free in mine+0x1/0x2' '<0>Kernel panic - not syncing: mine'; do echo "
              "\"$words\" > /dev/kmsg; done; exit 1")}},
    {"such words beside a WARN()",
     BootOutcome::Splat,
     {command("echo 'WARNING: CPU: 0 PID: 9 at mm/mine.c:1 mine+0x1/0x2' > /dev/kmsg; echo WARNING "
              "> /sys/kernel/debug/provoke-crash/DIRECT; exit 1")},
     "",
     Fault::Both,
     "lkdtm"},
    {"a call longer than its turn",
     BootOutcome::BadEvidence,
     {command("sleep 1"), "workload.pace_us=1000"}},
    {"garbage on the channel",
     BootOutcome::Protocol,
     {hostile("echo this is no frame, and long enough to see > /dev/vport0p1")}},
    {"1 GiB in good frames",
     BootOutcome::Protocol,
     {hostile("while :; do busybox printf "
              "'RIGf\\\\001\\\\000\\\\003\\\\000\\\\000\\\\000\\\\020\\\\000'; busybox head -c "
              "1048576 /dev/zero; done > /dev/vport0p1"),
      "guest.deadline_seconds=600"}},
    {"an artifact named as a path",
     BootOutcome::Protocol,
     {hostile("busybox printf "
              "'RIGf\\\\001\\\\000\\\\004\\\\000\\\\014\\\\000\\\\000\\\\000\\\\011../../abcxx' > "
              "/dev/vport0p1")}},
    {"power-off by the workload", BootOutcome::EndedByGuest, {command("poweroff -f")}},
    {"restart by the workload", BootOutcome::EndedByGuest, {command("reboot -f")}},
    {"SysRq b by the workload",
     BootOutcome::EndedByGuest,
     {command("echo b > /proc/sysrq-trigger")}},
    {"console told to be silent, a WARN(), and to speak",
     BootOutcome::Splat,
     {command("dmesg -n 1; echo WARNING > /sys/kernel/debug/provoke-crash/DIRECT; dmesg -n 8")}},
    {"console told to be silent", BootOutcome::SilencedConsole, {command("dmesg -n 1")}},
    {"a stall detector switched off by the workload",
     BootOutcome::MutedDetector,
     {command("echo 1 > /sys/module/rcupdate/parameters/rcu_cpu_stall_suppress")}},
    {"no QEMU in PATH",
     BootOutcome::HypervisorStart,
     {},
     "mkdir -p $dir/bin; for tool in /usr/bin/*; do case $tool in *qemu*) ;; *) ln -s $tool "
     "$dir/bin/;; esac; done; PATH=$dir/bin \"$@\"",
     Fault::Direct},
    {"libvirtd killed",
     BootOutcome::HypervisorLost,
     {command("sleep 100000")},
     meanwhile("kill -KILL $(cat $libvirtd)"),
     Fault::Libvirt},
    {"QEMU that refuses an option",
     BootOutcome::HypervisorExit,
     {},
     instead_of_qemu("exec /usr/bin/qemu-system-x86_64 \"$@\" -bogus"),
     Fault::Direct},
    {"QEMU killed by SIGKILL",
     BootOutcome::HypervisorSignal,
     {command("sleep 100000")},
     meanwhile("kill -KILL $qemu")},
    {"QEMU killed by SIGSEGV",
     BootOutcome::HypervisorSignal,
     {command("sleep 100000")},
     meanwhile("kill -SEGV $qemu")},
    {"no memory for the guest",
     BootOutcome::OutOfMemory,
     {"guest.memory_mib=4096"},
     instead_of_qemu("ulimit -v 3000000; exec /usr/bin/qemu-system-x86_64 \"$@\""),
     Fault::Direct},
    {"no file descriptors for QEMU",
     BootOutcome::OutOfDescriptors,
     {},
     instead_of_qemu("ulimit -n 6; exec /usr/bin/qemu-system-x86_64 \"$@\""),
     Fault::Direct},
    {"disk full before the boot",
     BootOutcome::DiskFull,
     {},
     "head -c 90m /dev/zero > $small/ballast; TMPDIR=$small \"$@\""},
    {"disk full during the boot",
     BootOutcome::DiskFull,
     {command("sleep 1")},
     "export TMPDIR=$small; " + meanwhile("head -c 200m /dev/zero > $small/ballast 2>/dev/null")},
    {"a host without time for it",
     BootOutcome::Starved,
     {lkdtm("LOOP"), kernel_words("nosoftlockup rcupdate.rcu_cpu_stall_suppress=1 nowatchdog")},
     "loops=(); for i in $(seq 30); do setsid bash -c \"while :; do :; done\" & loops+=($!); done; "
     "trap 'kill ${loops[*]}' EXIT; \"$@\""},
    {"SIGINT", BootOutcome::Cancelled, {command("sleep 100000")}, meanwhile("kill -INT $rig")},
};

// A file system of 120 MiB: $small. Mounted before a daemon is started, whose mount namespace does
// not see what comes later.
class SmallDisk {
 public:
    explicit SmallDisk(fs::path dir) : dir_(std::move(dir)) {
        fs::create_directories(dir_);
        Libvirtd::shell("mount -t tmpfs -o size=120m small " + dir_.string());
    }
    ~SmallDisk() { Libvirtd::shell("umount -l " + dir_.string()); }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    bool mounted() const { return fs::space(dir_).capacity == 120u << 20; }
    void clear() const { Libvirtd::shell("rm -rf " + (dir_ / "*").string()); }
    const fs::path& dir() const { return dir_; }

 private:
    fs::path dir_;
};

// Parameter: through libvirt?
class Faults : public RigProgram, public ::testing::WithParamInterface<bool> {};

TEST_P(Faults, EveryEndingIsCalledWhatItIs) {
    const bool through_libvirt = GetParam();
    const SmallDisk small(fs::path(RIG_E2E_DIR) / "small");
    ASSERT_TRUE(small.mounted());
    Libvirtd daemon(fs::path(RIG_E2E_DIR) / "libvirtd");
    // RIG_FAULTS=a,b: only those whose ending is named.
    const char* only = std::getenv("RIG_FAULTS");
    std::string table = "| what happened | called | blame | seconds |\n|---|---|---|---|\n";
    std::map<BootOutcome, unsigned> seen;
    for (const auto& fault : kFaults) {
        const auto& want = about(fault.ending);
        if (only && ("," + std::string(only) + ",").find("," + std::string(want.name) + ",") ==
                        std::string::npos)
            continue;
        if (fault.adapter == (through_libvirt ? Fault::Direct : Fault::Libvirt)) continue;
        if (through_libvirt && !daemon.running()) daemon.start();
        ASSERT_EQ(daemon.uri().empty(), !through_libvirt) << daemon.words();
        std::vector<std::string> args{"--json",    "--quiet",
                                      "--connect", through_libvirt ? daemon.uri() : "none",
                                      "boot",      "configs/faults.toml",
                                      "--arm",     "provoke"};
        for (const auto& set : fault.set)
            args.insert(args.end(), {"--set", set});
        std::vector<std::string> before;
        if (!fault.before.empty())
            before = {"bash", "-c",
                      "dir=" + dir_.string() + "; libvirtd=" + RIG_E2E_DIR +
                          "/libvirtd/pid; small=" + small.dir().string() + "; rm -rf $dir/bin; " +
                          fault.before,
                      "bash"};
        small.clear();
        const auto result = rig(args, kBuildLimit, before);
        std::string kind = "no error", fault_domain = "", message;
        if (const auto at = result.out.find("{\"error\""); at != std::string::npos) {
            const auto error =
                json::parse(result.out.substr(at, result.out.find('\n', at) - at)).at("error");
            kind = error.at("kind"), fault_domain = error.at("blame"),
            message = error.at("message");
        }
        EXPECT_EQ(kind, want.name) << fault.name << ":\n" << result.out.substr(0, 3000);
        EXPECT_NE(message.find(fault.says), std::string::npos) << fault.name << ": " << message;
        EXPECT_EQ(fault_domain, kind == want.name ? name(want.fault_domain) : fault_domain)
            << fault.name;
        EXPECT_EQ(exit_code(result), static_cast<int>(exit_for(want.fault_domain))) << fault.name;
        table += fmt::format("| {} | {}{} | {} | {:.1f} |\n", fault.name, kind,
                             kind == want.name ? "" : fmt::format(" (want {})", want.name),
                             fault_domain, result.seconds);
        fmt::print("{}", table.substr(table.rfind('\n', table.size() - 2) + 1));
        std::fflush(stdout);
        ++seen[fault.ending];
    }
    fmt::print("\n{}", table);
    if (only) return;
    // What libvirt does not tell: see LibvirtHypervisor.
    // A lost task needs a cluster: slurm_test.cc.
    const std::set<BootOutcome> not_here =
        through_libvirt ? std::set{BootOutcome::TaskLost, BootOutcome::HypervisorStart,
                                   BootOutcome::HypervisorExit, BootOutcome::OutOfMemory,
                                   BootOutcome::OutOfDescriptors}
                        : std::set{BootOutcome::TaskLost, BootOutcome::HypervisorLost};
    for (const auto& info : endings())
        EXPECT_TRUE(seen.contains(info.ending) || not_here.contains(info.ending))
            << info.name << " was not made to happen";
}

INSTANTIATE_TEST_SUITE_P(Direct, Faults, ::testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Libvirt, Faults, ::testing::Values(true));

// ---- Killed at any moment

std::vector<std::string> figures(const fs::path& run) {
    std::vector<std::string> lines;
    const auto loaded = load_run(run);
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
    if (!loaded) return lines;
    for (const auto& sample : loaded->samples)
        lines.push_back(to_json(sample, false).dump());
    std::sort(lines.begin(), lines.end());
    return lines;
}

// RIG_KILLS: how many (default 100). RIG_SEED: of the moments.
class Killed : public RigProgram {
 protected:
    static unsigned number(const char* variable, unsigned otherwise) {
        const char* text = std::getenv(variable);
        return text ? static_cast<unsigned>(std::stoul(text)) : otherwise;
    }
    const std::vector<std::string> args_{"--quiet", "compare", "configs/batch-alloc-fail.toml",
                                         "--boots", "4",       "--clock",
                                         "virtual"};
    // Of QEMUs whose files lie in this case's folder, and of what boots leave in TMPDIR.
    std::string leftovers() const {
        return Libvirtd::shell("pgrep -af '[q]emu-system-x86_64.*" + dir_.string() + "'; find " +
                               (dir_ / "tmp").string() + " -mindepth 1 -maxdepth 1");
    }
};

TEST_F(Killed, ARunKilledAtAnyMomentEndsAsIfItHadNot) {
    fs::create_directories(dir_ / "tmp");
    const auto script = [&](const std::string& what) {
        return std::vector<std::string>{
            "bash", "-c", "export TMPDIR=" + (dir_ / "tmp").string() + "; " + what, "bash"};
    };
    const auto whole = rig(args_, kBuildLimit, script("\"$@\""));
    ASSERT_EQ(exit_code(whole) == 0 || exit_code(whole) == 4, true) << whole.out;
    ASSERT_EQ(runs().size(), 1u);
    const auto undisturbed = figures(runs()[0]);
    ASSERT_EQ(undisturbed.size(), 8u);
    fs::rename(runs()[0], dir_ / "undisturbed");

    std::mt19937_64 random(number("RIG_SEED", 1));
    const unsigned wanted = number("RIG_KILLS", 100);
    unsigned kills = 0, comparisons = 0, orphans = 0, lost = 0, doubled = 0, resumed = 0;
    while (kills < wanted) {
        // From before anything is read to after the whole comparison, which takes a quarter of a
        // minute on two idle cores.
        const double after = std::uniform_real_distribution<>(0.05, 15.0)(random);
        const auto result = rig(args_, kBuildLimit,
                                script(fmt::format("\"$@\" & rig=$!; sleep {:.3f}; kill -KILL $rig "
                                                   "2>/dev/null && echo killed; wait $rig",
                                                   after)));
        const bool killed = result.out.find("killed") != std::string::npos;
        kills += killed;
        // PR_SET_PDEATHSIG takes effect when rig is gone, and the kernel needs a moment to tear a
        // guest down.
        std::string left;
        for (int i = 0; i < 50; ++i) {
            left = Libvirtd::shell("pgrep -af '[q]emu-system-x86_64.*" + dir_.string() + "'");
            if (left.empty()) break;
        }
        orphans += !left.empty();
        EXPECT_EQ(left, "") << "an orphan, after " << kills << " kills";
        if (killed) continue;
        ++comparisons;
        ASSERT_EQ(runs().size(), 1u) << "a run was not gone on with";
        const auto got = figures(runs()[0]);
        resumed += load_run(runs()[0])->info.resumed;
        for (const auto& sample : undisturbed) {
            const auto times = std::count(got.begin(), got.end(), sample);
            lost += times == 0;
            doubled += times > 1;
        }
        EXPECT_EQ(got, undisturbed);
        fs::rename(runs()[0], dir_ / fmt::format("comparison-{}", comparisons));
    }
    if (!fs::is_empty(dir_ / "results"))
        rig(args_, kBuildLimit, script("\"$@\"")); // what the last kill left open
    EXPECT_EQ(leftovers(), "") << "after an end in good order nothing is left in TMPDIR";
    fmt::print("| killed | comparisons that came to their end | taken up again | samples lost | "
               "doubled | orphans |\n|---|---|---|---|---|---|\n| {} | {} | {} | {} | {} | {} |\n",
               kills, comparisons, resumed, lost, doubled, orphans);
    EXPECT_GT(resumed, 0u);
    EXPECT_GT(comparisons, 0u);
}

// Every fifth QEMU is killed: the same samples, the same verdict.
TEST_F(Killed, AComparisonWhoseGuestsAreSabotagedGivesTheSame) {
    fs::create_directories(dir_ / "tmp");
    const auto before = [&](const std::string& script) {
        return std::vector<std::string>{
            "bash", "-c", "dir=" + dir_.string() + "; export TMPDIR=$dir/tmp; " + script, "bash"};
    };
    const auto whole = rig(args_, kBuildLimit, before("\"$@\""));
    ASSERT_EQ(runs().size(), 1u) << whole.out;
    const auto undisturbed = figures(runs()[0]);
    fs::rename(runs()[0], dir_ / "undisturbed");
    // The third, eighth, ... guest kills itself one second after its start. flock: guests start
    // side by side.
    const auto sabotaged = rig(
        args_, kBuildLimit,
        before(instead_of_qemu("n=$(flock $0.lock bash -c \"echo x >> $0.count; wc -l < "
                               "$0.count\"); case $n in *3|*8) (sleep 1; kill -KILL $$) & ;; esac; "
                               "exec /usr/bin/qemu-system-x86_64 \"$@\"")));
    ASSERT_EQ(runs().size(), 1u) << sabotaged.out;
    EXPECT_EQ(exit_code(sabotaged), exit_code(whole));
    EXPECT_EQ(figures(runs()[0]), undisturbed);
    unsigned faults = 0;
    double retries = 0;
    for (const auto& entry : fs::recursive_directory_iterator(runs()[0] / "boots"))
        faults += entry.path().filename().string().starts_with("fault-");
    const auto loaded = load_run(runs()[0]);
    for (const auto& sample : loaded->samples)
        retries += sample.host.at("retries");
    fmt::print("| guests killed | boots made again | verdict | samples |\n|---|---|---|---|\n| {} "
               "| {} | {} | {} of {} the same |\n",
               faults, retries, exit_code(sabotaged) == exit_code(whole) ? "the same" : "another",
               undisturbed.size(), undisturbed.size());
    EXPECT_GE(faults, 2u);
    const auto verdict = [](const fs::path& run) {
        const auto page = slurp(run / "report.txt");
        return page.substr(page.rfind('\n', page.size() - 2) + 1);
    };
    EXPECT_EQ(verdict(runs()[0]), verdict(dir_ / "undisturbed"));
}

} // namespace
} // namespace rig
