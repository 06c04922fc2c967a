// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/workloads/fork_own.h"

#include "guest/workloads/workload.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {
namespace {

// Uses waitid(2), because each wait4(2) counts as an iteration of the workload "command".
void reap(pid_t pid) {
    siginfo_t info;
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0 && errno == EINTR) {
    }
}

// Starts a process that shares this one's address space and ends at once.
pid_t burn_pid() {
    const pid_t pid = ::vfork();
    if (pid == 0) ::_exit(0);
    if (pid > 0) reap(pid);
    return pid;
}

} // namespace

OwnTasks own_tasks(pid_t pid, const WorkloadReport& report) {
    OwnTasks tasks{pid, pid, {report.thread_ids, report.thread_ids + report.threads}};
    for (const pid_t thread : tasks.threads)
        tasks.last = std::max(tasks.last, thread);
    return tasks;
}

bool is_own_child(pid_t child, const WorkloadReport& report) {
    return child >= first_child_pid(own_tasks(::getpid(), report).last);
}

bool reserve_child_pids(WorkloadReport& report) {
    const pid_t self = own_tasks(::getpid(), report).last, first = first_child_pid(self);
    for (pid_t last = self; last < first - 1;) {
        const pid_t pid = burn_pid();
        if (pid < 0) return complain(report, "vfork");
        if (pid < last) {
            std::snprintf(
                report.error, sizeof report.error,
                "pids wrapped around at %d: the workload's children cannot be told from others",
                last);
            return false;
        }
        last = pid;
    }
    return true;
}

pid_t fork_own(WorkloadReport& report) {
    const pid_t self = ::getpid(), pid = ::fork();
    if (pid == 0 && ::getpid() < first_child_pid(self)) ::_exit(125);
    if (pid < 0) complain(report, "fork");
    if (pid <= 0 || pid >= first_child_pid(self)) return pid;
    reap(pid);
    std::snprintf(report.error, sizeof report.error,
                  "a child got pid %d, want %d or more: pids wrapped around", pid,
                  first_child_pid(self));
    return -1;
}

} // namespace rig::guest
