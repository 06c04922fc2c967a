// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/hang_verdict.h"

#include "rig/base/files.h"

#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

// A task as guest/task_states.cc reports it: by default one that slept and then stopped.
json task(int pid, int parent, const std::string& comm, const json& changes = json::object()) {
    json one = {{"pid", pid},
                {"tid", pid},
                {"parent", parent},
                {"comm", comm},
                {"of_workload", pid >= 100},
                {"state", "S"},
                {"state_after", "T"},
                {"user_ticks", 3},
                {"user_ticks_after", 3},
                {"system_ticks", 5},
                {"system_ticks_after", 5},
                {"switches", 7},
                {"switches_after", 7},
                {"wchan", "do_wait"},
                {"syscall", "wait4"},
                {"flags", 0},
                {"stack", ""}};
    one.update(changes);
    return one;
}
const json kAgent = task(1, 0, "init", {{"state_after", "S"}, {"syscall", "read"}});
const json kWorkload = task(100, 1, "workload"), kShell = task(164, 100, "sh");

HangVerdict of_tasks(std::vector<json> tasks, const json& changes = json::object()) {
    tasks.insert(tasks.begin(), kAgent);
    json report = {{"workload", 100},
                   {"window_ms", 2000},
                   {"ticks_per_s", 100},
                   {"left_out", 0},
                   {"tasks", tasks}};
    report.update(changes);
    return by_tasks(report.dump());
}

using enum HangVerdict::Whose;
bool is(const HangVerdict& verdict, HangVerdict::Whose whose, const std::string& words) {
    if (verdict.whose == whose && verdict.why.find(words) != std::string::npos) return true;
    ADD_FAILURE() << static_cast<int>(verdict.whose) << ": " << verdict.why;
    return false;
}

TEST(HangVerdict, TasksThatSleepOrLoopOfTheirOwnWill) {
    const auto sleeps = [](const std::string& comm, const std::string& call,
                           const std::string& where) {
        return of_tasks(
            {kWorkload, kShell, task(165, 164, comm, {{"syscall", call}, {"wchan", where}})});
    };
    EXPECT_TRUE(is(sleeps("sleep", "clock_nanosleep", "hrtimer_nanosleep"), Workloads,
                   "sleep (pid 165) sleeps interruptibly in clock_nanosleep(2), in "
                   "hrtimer_nanosleep(); every task stopped when it was told to"));
    EXPECT_TRUE(is(sleeps("cat", "openat", "wait_for_partner"), Workloads, "cat (pid 165) sleeps"));
    EXPECT_TRUE(is(sleeps("x", "431", "0"), Workloads, "in system call 431"));
    EXPECT_TRUE(
        is(of_tasks({kWorkload, kShell}), Workloads,
           "workload (pid 100) sleeps interruptibly in wait4(2), in do_wait(), sh (pid 164)"));
    EXPECT_TRUE(is(of_tasks({kWorkload, task(164, 100, "sh",
                                             {{"state", "R"},
                                              {"syscall", "running"},
                                              {"wchan", "0"},
                                              {"user_ticks_after", 4}})}),
                   Workloads, "sh (pid 164) runs, in user mode or through it"));
}

TEST(HangVerdict, TasksThatTheKernelHolds) {
    const json stuck = task(
        165, 164, "sh",
        {{"state", "D"}, {"state_after", "D"}, {"syscall", "write"}, {"wchan", "lkdtm_HUNG_TASK"}});
    EXPECT_TRUE(is(of_tasks({kWorkload, kShell, stuck}), Kernels,
                   "sh (pid 165) sleeps uninterruptibly in write(2), in lkdtm_HUNG_TASK()"));
    EXPECT_TRUE(is(
        of_tasks({kWorkload, kShell, task(50, 1, "perf", {{"state", "D"}, {"state_after", "D"}})}),
        Kernels, "perf (pid 50)"));
    const json loops = {
        {"state", "R"}, {"state_after", "R"}, {"syscall", "running"}, {"system_ticks_after", 195}};
    EXPECT_TRUE(is(of_tasks({kWorkload, task(164, 100, "sh", loops)}), Kernels,
                   "sh (pid 164) loops in the kernel"));
}

TEST(HangVerdict, TasksThatDoNotTell) {
    // The task made progress: it is busy with I/O, not stuck.
    EXPECT_TRUE(
        is(of_tasks(
               {kWorkload, task(164, 100, "dd",
                                {{"state", "D"}, {"state_after", "D"}, {"switches_after", 9000}})}),
           Undecided, "dd (pid 164) did not stop when it was told to (state D, then D)"));
    EXPECT_TRUE(
        is(of_tasks({kWorkload, task(164, 100, "x", {{"state", "S"}, {"state_after", "D"}})}),
           Undecided, "(state S, then D)"));
    EXPECT_TRUE(
        is(of_tasks({kWorkload, task(164, 100, "x", {{"state", "S"}, {"state_after", "S"}})}),
           Undecided, "(state S, then S)"));
    // The task was ready to run, but no CPU ran it.
    EXPECT_TRUE(
        is(of_tasks({kWorkload, task(164, 100, "x", {{"state", "R"}, {"state_after", "R"}})}),
           Undecided, "(state R, then R)"));
    EXPECT_TRUE(is(of_tasks({kWorkload}, {{"workload", 0}}), Undecided, "perf"));
    EXPECT_TRUE(is(of_tasks({}), Undecided, "no task is left"));
    EXPECT_TRUE(is(of_tasks({kWorkload}, {{"left_out", 2}}), Undecided, "more tasks"));
    for (const char* text : {"", "[]", "{}", "no JSON", R"({"tasks":[{"pid":"x"}]})"})
        EXPECT_TRUE(is(by_tasks(text), Undecided, "not understood"));
}

// Invented inputs: a vfork whose child does not exec; a task that stopped itself; an orphan in the
// kernel behind a shell that merely waits; a thread of a program that sleeps.
TEST(HangVerdict, StrangerEndings) {
    json parent = {
        {"state", "D"}, {"state_after", "D"}, {"syscall", "vfork"}, {"wchan", "kernel_clone"}};
    const json child = task(165, 164, "sh", {{"syscall", "pause"}, {"wchan", "0"}});
    EXPECT_TRUE(is(of_tasks({kWorkload, task(164, 100, "sh", parent), child}), Workloads,
                   "sh (pid 165) sleeps interruptibly in pause(2)"));
    EXPECT_TRUE(is(of_tasks({kWorkload, task(164, 100, "sh", parent)}), Kernels, "(pid 164)"))
        << "no child is left to wait for";
    parent.update({{"syscall", "clone"}, {"flags", 0x4111}, {"wchan", "0"}});
    EXPECT_TRUE(is(of_tasks({kWorkload, task(164, 100, "sh", parent), child}), Workloads, "pause"));
    parent["wchan"] = "copy_process";
    EXPECT_TRUE(
        is(of_tasks({kWorkload, task(164, 100, "sh", parent), child}), Kernels, "copy_process"));
    EXPECT_TRUE(is(of_tasks({kWorkload, task(164, 100, "sh", {{"state", "T"}})}), Workloads,
                   "was stopped by a signal"));
    const json thread = task(164, 100, "worker",
                             {{"tid", 170}, {"state", "D"}, {"state_after", "D"}, {"wchan", "x"}});
    EXPECT_TRUE(is(of_tasks({kWorkload, kShell, thread}), Kernels,
                   "worker (pid 164, thread 170) sleeps uninterruptibly"));
    EXPECT_TRUE(is(of_tasks({kWorkload, task(164, 100, "gone", {{"state_after", "Z"}})}), Workloads,
                   "workload (pid 100)"));
}

// ---- Registers

std::string x86(const std::vector<std::string>& vcpus) {
    std::string text;
    for (std::size_t i = 0; i < vcpus.size(); ++i)
        text += fmt::format("CPU#{}\n{}\n", i, vcpus[i]);
    return text;
}
std::string x86_at(const char* rip, const char* rsp, int ring, int halted, bool interrupts = true) {
    return fmt::format("RSI=0000000000000000 RDI=0000000000000000 RBP=0000000000000000 RSP={}\n"
                       "RIP={} RFL={} [---Z-P-] CPL={} II=0 A20=1 SMM=0 HLT={}",
                       rsp, rip, interrupts ? "00000246" : "00000046", ring, halted);
}
const std::string kIdleVcpu = x86_at("ffffffff81a0f61b", "ffffc90000087ed0", 0, 1),
                  kUserVcpu = x86_at("0000000000401b3c", "00007fffffffe3a8", 3, 0),
                  kElsewhere = x86_at("0000000000401b77", "00007fffffffe3a8", 3, 0),
                  kKernelVcpu = x86_at("ffffffff815a0e10", "ffffc90000123d90", 0, 0),
                  kOtherTask = x86_at("ffffffff815a0e10", "ffffc90000173d90", 0, 0),
                  kDeadVcpu = x86_at("ffffffff81a0f61b", "ffffc90000087ed0", 0, 1, false);

HangVerdict of_cpus(const std::vector<std::vector<std::string>>& looks, bool others = false) {
    std::vector<std::string> texts;
    for (const auto& vcpus : looks)
        texts.push_back(x86(vcpus));
    return by_registers(texts, others);
}

TEST(HangVerdict, RegistersOfALoopInUserMode) {
    EXPECT_TRUE(is(of_cpus({3, {kUserVcpu, kIdleVcpu}}), Workloads,
                   "a program loops in user mode: vCPU 0 was there 3 of 3 times"));
    EXPECT_TRUE(is(of_cpus({{kIdleVcpu, kUserVcpu}}), Workloads, "vCPU 1"));
    EXPECT_TRUE(is(of_cpus({{kUserVcpu}, {kKernelVcpu}, {kElsewhere}}), Workloads, "2 of 3 times"))
        << "system calls without end, and always back";
    EXPECT_TRUE(
        is(of_cpus({3, {kUserVcpu, kIdleVcpu}}, true), Undecided, "programs beside the workload"));
}

TEST(HangVerdict, RegistersOfALoopInTheKernel) {
    EXPECT_TRUE(is(of_cpus({3, {kIdleVcpu, kKernelVcpu}}), Kernels,
                   "vCPU 1 was in the kernel, for one task, all 3 times"));
    EXPECT_TRUE(is(of_cpus({3, {kUserVcpu, kKernelVcpu}}), Kernels, "vCPU 1"))
        << "whatever runs beside it";
    EXPECT_TRUE(is(of_cpus({3, {kDeadVcpu, kDeadVcpu}}), Kernels, "halted with interrupts off"));
}

TEST(HangVerdict, RegistersThatDoNotTell) {
    EXPECT_TRUE(is(of_cpus({{kKernelVcpu}}), Undecided, "was in the kernel when")) << "once";
    EXPECT_TRUE(is(of_cpus({{kKernelVcpu}, {kOtherTask}, {kKernelVcpu}, {kOtherTask}}), Undecided,
                   "for different tasks"));
    EXPECT_TRUE(
        is(of_cpus({{kUserVcpu}, {kKernelVcpu}, {kUserVcpu}}), Undecided, "user mode 2 of 3 times"))
        << "at one place: a fault that is never resolved looks so";
    EXPECT_TRUE(is(of_cpus({3, {kIdleVcpu, kIdleVcpu}}), Undecided, "every vCPU idles"));
    EXPECT_TRUE(is(of_cpus({{kUserVcpu, kIdleVcpu}, {kIdleVcpu, kIdleVcpu}}), Undecided,
                   "every vCPU idles"))
        << "a program that sleeps now and then, such as a bystander";
    EXPECT_TRUE(is(of_cpus({{kUserVcpu}, {kUserVcpu, kUserVcpu}}), Undecided, "do not tell"));
    EXPECT_TRUE(is(by_registers({}, false), Undecided, "were not read"));
    EXPECT_TRUE(
        is(by_registers({"QEMU's monitor does not answer\n"}, false), Undecided, "do not tell"));
}

// Registers of Linux 6.12 guests (rig/testdata/hangs), shortened to the lines that are parsed.
TEST(HangVerdict, OfCapturedGuests) {
    const auto captured = [](const std::string& name) {
        return slurp(std::filesystem::path(RIG_TESTDATA) / "hangs" / name);
    };
    const auto looks = [&](const std::string& name) {
        std::vector<std::string> all;
        for (auto text = captured(name);;) {
            const auto at = text.find("\n== again");
            all.push_back(text.substr(0, at));
            if (at == text.npos) return all;
            text = text.substr(text.find('\n', at + 1) + 1);
        }
    };
    EXPECT_TRUE(is(by_tasks(captured("sleep-tasks.json")), Workloads,
                   "sleep (pid 101) sleeps interruptibly in clock_nanosleep(2), in "
                   "hrtimer_nanosleep(); every task stopped"));
    EXPECT_TRUE(is(by_tasks(captured("fifo-tasks.json")), Workloads,
                   "cat (pid 101) sleeps interruptibly in openat(2), in wait_for_partner();"));
    EXPECT_TRUE(is(by_tasks(captured("stopped-tasks.json")), Workloads,
                   "sh (pid 101) was stopped by a signal"));
    EXPECT_TRUE(is(by_registers(looks("user-loop-registers.txt"), false), Workloads,
                   "vCPU 0 was there 8 of 8 times"));
    EXPECT_TRUE(
        is(by_registers(looks("idle-registers.txt"), false), Undecided, "every vCPU idles"));
    EXPECT_TRUE(
        is(by_registers(looks("forks-registers.txt"), false), Undecided, "for different tasks"))
        << "while :; do /bin/true; done: never seen in user mode, and no loop of the kernel's";
}

std::string arm64(const char* pc, const char* sp, const char* pstate) {
    return fmt::format("\nCPU#0\n PC={} X00=0000000000000000 X01=0000000000000000\nX29=0 X30={} "
                       " SP={}\nPSTATE={} -ZC- EL0t\n",
                       pc, pc, sp, pstate);
}

TEST(HangVerdict, RegistersOfArm64) {
    const auto user = arm64("0000000000401b3c", "0000ffffffffe3a0", "60000000"),
               kernel = arm64("ffffffc0085a0e10", "ffffffc00a123d90", "60000005"),
               idle = arm64("ffffffc008a0f61b", "ffffffc00a08bed0", "600000c5"),
               masked = arm64("ffffffc008a00000", "ffffffc00a08bed0", "600000c5");
    EXPECT_TRUE(is(by_registers({3, user + idle}, false), Workloads, "user mode"));
    EXPECT_TRUE(is(by_registers({3, kernel + idle}, false), Kernels, "vCPU 0 was in the kernel"));
    EXPECT_TRUE(is(by_registers({3, idle + idle}, false), Undecided, "every vCPU idles"));
    const auto other = arm64("ffffffc008a00004", "ffffffc00a08bed0", "600000c5"),
               third = arm64("ffffffc008a00008", "ffffffc00a08bed0", "600000c5");
    EXPECT_TRUE(is(by_registers({user + masked, user + other, user + third}, false), Undecided,
                   "do not tell whether vCPU 1 idles"));
}

std::string riscv64(const char* pc, const char* sp, const char* mstatus) {
    return fmt::format("CPU#0\n V      =   0\n pc       {}\n mhartid  0000000000000000\n mstatus  "
                       "{}\n hstatus  0000000200000000\n x0/zero  0000000000000000 x1/ra    "
                       "ffffffff80003ac0 x2/sp    {} x3/gp    ffffffff81a0b2a8\n",
                       pc, mstatus, sp);
}

TEST(HangVerdict, RegistersOfRiscv64) {
    const auto user = riscv64("0000000000011b3c", "0000003fffffe3a0", "0000000a00000020"),
               kernel = riscv64("ffffffff8028f8de", "ff20000000123d90", "0000000a00000182"),
               idle = riscv64("ffffffff80a0f61b", "ff2000000008bed0", "0000000a00000180");
    EXPECT_TRUE(is(by_registers({3, user + idle}, false), Workloads, "user mode"));
    EXPECT_TRUE(is(by_registers({3, kernel + idle}, false), Kernels, "vCPU 0 was in the kernel"));
    EXPECT_TRUE(is(by_registers({3, idle}, false), Undecided, "every vCPU idles"));
}

} // namespace
} // namespace rig
