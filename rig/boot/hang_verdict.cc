// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/hang_verdict.h"

#include "rig/base/text.h"
#include "rig/hypervisor/vcpu_state.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace rig {
namespace {

using nlohmann::json;

constexpr std::size_t kMostNamed = 3;

// A task, as the agent saw it before and after it sent the task a stop signal.
struct SeenTask {
    std::string comm, before, after, wchan, syscall;
    long pid = 0, tid = 0, parent = 0;
    std::uint64_t user_ticks = 0, system_ticks = 0, switches = 0; // increase between the two looks
    std::uint64_t flags = 0;
    bool of_workload = false;

    bool alive() const { return after != "Z" && after != "X"; }
    bool let_go() const { return !alive() || after == "T" || after == "t"; }
};

SeenTask seen_task(const json& one) {
    const auto text = [&](const char* key) {
        return printable_ascii(one.at(key).get<std::string>(), 100);
    };
    const auto grown = [&](const std::string& key) {
        const auto before = one.at(key).get<std::uint64_t>(),
                   after = one.at(key + "_after").get<std::uint64_t>();
        return after > before ? after - before : 0;
    };
    SeenTask task{text("comm"), text("state"), text("state_after"), text("wchan"), text("syscall")};
    task.pid = one.at("pid");
    task.tid = one.at("tid");
    task.parent = one.at("parent");
    task.user_ticks = grown("user_ticks");
    task.system_ticks = grown("system_ticks");
    task.switches = grown("switches");
    task.flags = one.at("flags");
    task.of_workload = one.at("of_workload");
    return task;
}

std::string named_task(const SeenTask& task) {
    return task.pid == task.tid
               ? fmt::format("{} (pid {})", task.comm, task.pid)
               : fmt::format("{} (pid {}, thread {})", task.comm, task.pid, task.tid);
}

// "in read(2)" or "outside of a system call".
std::string call_of(const SeenTask& task) {
    if (task.syscall == "none") return "outside of a system call";
    std::string text = task.wchan.empty() || task.wchan == "0" ? "" : " in " + task.wchan + "()";
    if (task.syscall.empty() || task.syscall == "running")
        return text.empty() ? text : text.substr(1);
    const bool number = task.syscall.find_first_not_of("0123456789") == std::string::npos;
    return (number ? "in system call " + task.syscall : "in " + task.syscall + "(2)") +
           (text.empty() ? "" : "," + text);
}

std::string with_call(const std::string& words, const SeenTask& task) {
    const auto call = call_of(task);
    return call.empty() ? words : words + " " + call;
}

// A parent sleeps uninterruptibly, by design, while it waits for a vfork child that borrowed its
// memory.
bool waits_for_vfork(const SeenTask& task, const std::vector<SeenTask>& tasks) {
    constexpr std::uint64_t clone_vfork = 0x4000;
    const bool calls = task.syscall == "vfork" || task.syscall == "clone3" ||
                       (task.syscall == "clone" && (task.flags & clone_vfork));
    const bool waits = task.wchan == "kernel_clone" || task.wchan == "wait_for_vfork_done" ||
                       ((task.wchan.empty() || task.wchan == "0") && task.syscall != "clone3");
    return calls && waits && std::any_of(tasks.begin(), tasks.end(), [&](const SeenTask& child) {
               return child.parent == task.pid && child.alive();
           });
}

std::string what_it_did(const SeenTask& task) {
    if (task.before == "R" || task.syscall == "running") return "runs, in user mode or through it";
    if (task.before == "T" || task.before == "t") return "was stopped by a signal";
    if (task.before == "S") return with_call("sleeps interruptibly", task);
    return with_call(fmt::format("was in state {}", task.before.empty() ? "?" : task.before), task);
}

// Describes what the workload waits for in the end, rather than the shells that wait for it.
std::string last_of(const std::vector<SeenTask>& tasks) {
    std::vector<std::string> leaves, waiters;
    for (const auto& task : tasks) {
        if (!task.of_workload || !task.alive()) continue;
        const bool waits = task.syscall == "wait4" || task.syscall == "waitid";
        (waits ? waiters : leaves).push_back(named_task(task) + " " + what_it_did(task));
    }
    auto& told = leaves.empty() ? waiters : leaves;
    const auto more = told.size() - std::min(told.size(), kMostNamed);
    told.resize(std::min(told.size(), kMostNamed));
    return fmt::format("{}{}", fmt::join(told, ", "),
                       more ? fmt::format(", and {} more", more) : "");
}

HangVerdict of_tasks(const json& report) {
    std::vector<SeenTask> tasks;
    for (const auto& one : report.at("tasks"))
        tasks.push_back(seen_task(one));
    const auto window = report.at("window_ms").get<std::uint64_t>() *
                        report.at("ticks_per_s").get<std::uint64_t>() / 1000;
    std::vector<std::string> unclear;
    for (const auto& task : tasks) {
        if (task.let_go()) continue;
        if (task.before == "D" && task.after == "D" && task.switches == 0) {
            if (waits_for_vfork(task, tasks)) continue;
            return {HangVerdict::Kernels,
                    named_task(task) + " " + with_call("sleeps uninterruptibly", task)};
        }
        if (task.tid == 1 && task.after != "D") continue; // nothing stops the agent itself
        if (task.before == "R" && task.after == "R" && task.user_ticks == 0 && window > 0 &&
            task.system_ticks >= window / 2)
            return {HangVerdict::Kernels,
                    named_task(task) + " loops in the kernel: it ran there all the time, and did "
                                       "not come back to stop when it was told to"};
        unclear.push_back(fmt::format("{} did not stop when it was told to (state {}, then {})",
                                      named_task(task), task.before.empty() ? "?" : task.before,
                                      task.after));
    }
    if (!unclear.empty()) return {HangVerdict::Undecided, unclear.front()};
    if (report.at("left_out").get<std::uint64_t>() > 0)
        return {HangVerdict::Undecided, "there were more tasks than the agent could look at"};
    if (report.at("workload").get<long>() <= 0)
        return {HangVerdict::Undecided,
                "no task is held by the kernel, and it was not the workload that the agent waited "
                "for, but perf or another of its own instruments"};
    if (std::none_of(tasks.begin(), tasks.end(),
                     [](const SeenTask& task) { return task.of_workload && task.alive(); }))
        return {HangVerdict::Undecided, "the agent waits for a workload of which no task is left"};
    return {HangVerdict::Workloads,
            last_of(tasks) + "; every task stopped when it was told to, so that the kernel holds "
                             "none of them"};
}

// One vCPU over all looks.
struct SeenVcpu {
    unsigned looks = 0, user = 0, halted = 0, may_idle = 0, dead = 0;
    std::set<std::uint64_t> user_places;
    std::map<std::uint64_t, unsigned> idle_places, stacks;

    void look(const Vcpu& vcpu) {
        constexpr std::uint64_t stack_size = 16 << 10; // THREAD_SIZE, which is its alignment too
        const bool in_user = vcpu.ring == 3;
        ++looks;
        user += in_user;
        halted += vcpu.halted;
        may_idle += vcpu.may_idle;
        dead += vcpu.halted && !vcpu.interrupts;
        if (in_user) user_places.insert(vcpu.pc);
        if (vcpu.may_idle) ++idle_places[vcpu.pc];
        if (!in_user && vcpu.sp) ++stacks[vcpu.sp / stack_size];
    }
    static unsigned most(const std::map<std::uint64_t, unsigned>& counts) {
        unsigned found = 0;
        for (const auto& [place, count] : counts)
            found = std::max(found, count);
        return found;
    }
    bool idles() const {
        // If the halted flag is not available: idle CPUs wait at one instruction, with interrupts
        // masked.
        return halted > 0 || (user == 0 && 2 * most(idle_places) >= looks);
    }
    bool in_kernel() const { return user == 0 && halted == 0 && may_idle == 0; }
    // Interrupts use a stack of their own.
    bool on_one_stack() const { return 4 * most(stacks) >= 3 * looks; }
};

constexpr unsigned kEnoughLooks = 3;

} // namespace

HangVerdict by_tasks(std::string_view tasks) {
    try {
        return of_tasks(json::parse(tasks));
    } catch (const json::exception&) {
        return {HangVerdict::Undecided, "what the agent said of the tasks is not understood"};
    }
}

HangVerdict by_registers(const std::vector<std::string>& looks, bool others_compute) {
    std::vector<SeenVcpu> seen;
    for (const auto& text : looks) {
        const auto vcpus = vcpus_of(text);
        if (vcpus.empty() || (!seen.empty() && seen.size() != vcpus.size()))
            return {HangVerdict::Undecided, "the vCPUs' registers do not tell"};
        seen.resize(vcpus.size());
        for (std::size_t i = 0; i < vcpus.size(); ++i)
            seen[i].look(vcpus[i]);
    }
    if (seen.empty()) return {HangVerdict::Undecided, "the vCPUs' registers were not read"};
    if (std::all_of(seen.begin(), seen.end(),
                    [](const SeenVcpu& vcpu) { return vcpu.dead == vcpu.looks; }))
        return {HangVerdict::Kernels, "every vCPU is halted with interrupts off"};
    // A vCPU that is stuck in the kernel decides, whatever the others run.
    for (std::size_t i = 0; i < seen.size(); ++i)
        if (seen[i].in_kernel() && seen[i].on_one_stack() && looks.size() >= kEnoughLooks)
            return {HangVerdict::Kernels,
                    fmt::format("vCPU {} was in the kernel, for one task, all {} times that its "
                                "registers were read",
                                i, looks.size())};
    std::string loops;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const auto& vcpu = seen[i];
        if (vcpu.idles()) continue;
        if (vcpu.in_kernel())
            return {HangVerdict::Undecided,
                    looks.size() < kEnoughLooks
                        ? fmt::format("vCPU {} was in the kernel when its registers were read", i)
                        : fmt::format("vCPU {} was in the kernel each time that its registers were "
                                      "read, for different tasks",
                                      i)};
        if (vcpu.user == 0)
            return {HangVerdict::Undecided,
                    fmt::format("the registers do not tell whether vCPU {} idles", i)};
        const bool always = vcpu.user == vcpu.looks,
                   comes_back = 2 * vcpu.user >= vcpu.looks && vcpu.user_places.size() > 1;
        // A single place in user mode may be a fault that is never resolved.
        if (!always && !comes_back)
            return {HangVerdict::Undecided,
                    fmt::format("vCPU {} was in user mode {} of {} times that its registers were "
                                "read, and else in the kernel",
                                i, vcpu.user, vcpu.looks)};
        if (loops.empty())
            loops = fmt::format("a program loops in user mode: vCPU {} was there {} of {} times "
                                "that its registers were read",
                                i, vcpu.user, vcpu.looks);
    }
    if (loops.empty())
        return {HangVerdict::Undecided,
                "every vCPU idles, so that all tasks sleep, in the kernel or of their own will; "
                "the agent, which sleeps as well, would have told at its own deadline, which is "
                "later"};
    if (others_compute)
        return {HangVerdict::Undecided,
                loops + "; but programs beside the workload compute without end as well"};
    return {HangVerdict::Workloads, loops};
}

} // namespace rig
