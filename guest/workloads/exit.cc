// SPDX-License-Identifier: GPL-2.0-or-later
// Each call is the end of a process: a child that maps and touches `tables` page tables exits, and
// exit_mmap() tears down its address space. There is no anchor: the kernel also frees the tables of
// the binary and the stack, and all upper levels. So the fallback is hit more often than `tables`
// times per call, but equally often in every call. The child inherits make-it-fail from its
// parent's task.
#include "guest/workloads/fork_own.h"
#include "guest/workloads/mapping.h"

#include <cerrno>
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {
namespace {

void prepare_exit(const WorkloadParams& params, WorkloadReport& report) {
    prepare_common(params, report);
}

// True if the child's exit code is 0; else see report.error.
bool ended_well(pid_t child, WorkloadReport& report) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return complain(report, "waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    std::snprintf(report.error, sizeof report.error, "a child ended with wait status %#x",
                  static_cast<unsigned>(status));
    return false;
}

void run_exit(const WorkloadParams& params, WorkloadReport& report) {
    if (!reserve_child_pids(report)) return;
    at_pace(params, [&](unsigned i) {
        const pid_t child = fork_own(report);
        if (child < 0) return false;
        if (child == 0) {
            char* region = map_at(slot_address(params), params.tables * kTableSpan);
            if (!region) ::_exit(1);
            touch(region, params);
            ::_exit(0);
        }
        if (!ended_well(child, report)) return false;
        report.calls = i + 1;
        report.tables_freed += params.tables;
        return true;
    });
}

} // namespace

extern const Workload kExit;
const Workload kExit{"exit", prepare_exit, run_exit};

} // namespace rig::guest
