// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/task_states.h"

#include "guest/files.h"
#include "guest/system_call_names.h"
#include "guest/workloads/fork_own.h"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <dirent.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string_view>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace rig::guest {
namespace {

using nlohmann::json;

constexpr unsigned kKernelThread = 0x00200000; // PF_KTHREAD
constexpr std::size_t kMostTasks = 512, kMostStack = 2000;
constexpr unsigned kWindowMs = 2000, kStepMs = 20; // of the guest's clock

struct Task {
    pid_t pid = 0, tid = 0, parent = 0;
    std::string comm;
    char state = '?';
    std::uint64_t user_ticks = 0, system_ticks = 0, switches = 0;

    bool stopped() const { return std::string_view("TtZX").find(state) != std::string_view::npos; }
    std::string folder() const {
        return "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/";
    }
};

std::vector<pid_t> numbers_in(const std::string& folder) {
    std::vector<pid_t> numbers;
    DIR* dir = ::opendir(folder.c_str());
    if (!dir) return numbers;
    while (const dirent* entry = ::readdir(dir)) {
        pid_t number = 0;
        const std::string_view name = entry->d_name;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (error == std::errc() && end == name.data() + name.size()) numbers.push_back(number);
    }
    ::closedir(dir);
    return numbers;
}

std::string text_of(const std::string& path) {
    std::string text;
    read_file(path, text);
    return text;
}

// Parses "44 (a name) S 1 ..."; the name may contain any character. False: gone, or a kernel
// thread.
bool read_task(pid_t pid, pid_t tid, Task& task) {
    task.pid = pid;
    task.tid = tid;
    const auto stat = text_of(task.folder() + "stat");
    const auto open = stat.find('('), close = stat.rfind(')');
    if (open == stat.npos || close == stat.npos || close < open) return false;
    task.comm = stat.substr(open + 1, close - open - 1);
    std::istringstream rest(stat.substr(close + 1));
    std::uint64_t skipped = 0, flags = 0;
    std::string ignored;
    rest >> task.state >> task.parent >> ignored >> ignored >> ignored >> ignored >> flags;
    for (int faults = 0; faults < 4; ++faults)
        rest >> skipped;
    if (!(rest >> task.user_ticks >> task.system_ticks) || (flags & kKernelThread)) return false;
    const auto status = text_of(task.folder() + "status");
    for (const char* which : {"\nvoluntary_ctxt_switches:", "\nnonvoluntary_ctxt_switches:"})
        if (const auto at = status.find(which); at != status.npos)
            task.switches +=
                std::strtoull(&status[at + std::string_view(which).size()], nullptr, 10);
    return true;
}

std::vector<Task> all_tasks() {
    std::vector<Task> tasks;
    for (const auto pid : numbers_in("/proc")) {
        if (pid == ::getpid()) continue;
        Task first;
        if (!read_task(pid, pid, first)) continue;
        tasks.push_back(first);
        for (const auto tid : numbers_in("/proc/" + std::to_string(pid) + "/task")) {
            Task task;
            if (tid != pid && read_task(pid, tid, task)) tasks.push_back(task);
        }
    }
    return tasks;
}

std::set<pid_t> processes_of(pid_t workload, const std::vector<Task>& tasks) {
    std::set<pid_t> found;
    if (workload <= 0) return found;
    found.insert(workload);
    for (std::size_t before = 0; before != found.size();) {
        before = found.size();
        for (const auto& task : tasks)
            if (found.contains(task.parent) ||
                (task.parent == 1 && task.pid >= first_child_pid(workload)))
                found.insert(task.pid);
    }
    return found;
}

// What the kernel reports about the task, read before anything was stopped.
json details_of(const Task& task) {
    // "61 0x44 0x0 ... sp pc", "running", or "-1 sp pc" outside of a system call.
    std::istringstream line(text_of(task.folder() + "syscall"));
    std::string number, first;
    line >> number >> first;
    const auto flags = std::strtoull(first.c_str(), nullptr, 16);
    auto stack = text_of(task.folder() + "stack");
    if (stack.size() > kMostStack) stack.resize(kMostStack);
    return {{"wchan", text_of(task.folder() + "wchan")},
            {"syscall", number == "-1" ? "none" : system_call_name(number)},
            {"flags", number == "-1" ? 0 : flags},
            {"stack", stack}};
}

void rest() {
    const timespec step{0, kStepMs * 1'000'000};
    ::nanosleep(&step, nullptr);
}

std::uint64_t now_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

} // namespace

std::string task_report(pid_t workload) {
    auto tasks = all_tasks();
    std::map<pid_t, Task> before;
    std::map<pid_t, json> details;
    for (const auto& task : tasks) {
        before[task.tid] = task;
        if (details.size() < kMostTasks) details[task.tid] = details_of(task);
    }
    auto of_workload = processes_of(workload, tasks);
    const auto begun = now_ms();
    for (;;) {
        bool all = true;
        std::set<pid_t> told;
        for (const auto& task : tasks)
            if (task.pid != 1 && !task.stopped()) {
                all = false;
                if (told.insert(task.pid).second) ::kill(task.pid, SIGSTOP);
            }
        if (all || now_ms() - begun >= kWindowMs) break;
        rest();
        tasks = all_tasks();
        of_workload.merge(processes_of(workload, tasks));
    }

    json list = json::array();
    for (const auto& task : tasks) {
        if (list.size() == kMostTasks) break;
        const auto known = before.find(task.tid);
        const auto& old = known == before.end() ? task : known->second;
        json one = {{"pid", task.pid},
                    {"tid", task.tid},
                    {"parent", task.parent},
                    {"comm", task.comm},
                    {"of_workload", of_workload.contains(task.pid)},
                    {"state", known == before.end() ? "" : std::string(1, old.state)},
                    {"state_after", std::string(1, task.state)},
                    {"user_ticks", old.user_ticks},
                    {"user_ticks_after", task.user_ticks},
                    {"system_ticks", old.system_ticks},
                    {"system_ticks_after", task.system_ticks},
                    {"switches", old.switches},
                    {"switches_after", task.switches}};
        const auto detail = details.find(task.tid);
        one.update(detail == details.end() ? details_of(task) : detail->second);
        list.push_back(std::move(one));
    }
    const json report = {{"workload", workload},
                         {"window_ms", now_ms() - begun},
                         {"ticks_per_s", ::sysconf(_SC_CLK_TCK)},
                         {"left_out", tasks.size() - list.size()},
                         {"tasks", std::move(list)}};
    return report.dump(1, ' ', true, json::error_handler_t::replace);
}

} // namespace rig::guest
