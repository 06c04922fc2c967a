// SPDX-License-Identifier: GPL-2.0-or-later
// Measures any command that the experiment names: each iteration runs it once, from fork to exit,
// and is timed as the workload's wait for it. Any exit code other than 0 fails the boot. The
// command starts pinned to CPU 0, where every workload runs. A command that needs the bystanders'
// CPUs has to change that itself (busybox has taskset).
#include "guest/files.h"
#include "guest/workloads/fork_own.h"
#include "guest/workloads/mapping.h"
#include "guest/workloads/program.h"

#include <cerrno>
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::guest {
namespace {

void prepare_command(const WorkloadParams& params, WorkloadReport& report) {
    // A busy shell script uses up the default 32768 pids within minutes.
    write_file("/proc/sys/kernel/pid_max", "4194304");
    prepare_common(params, report);
}

void run_command(const WorkloadParams& params, WorkloadReport& report) {
    if (!reserve_child_pids(report)) return;
    at_pace(params, [&](unsigned i) {
        const pid_t child = fork_own(report);
        if (child < 0) return false;
        if (child == 0) become(params.command, params.output);
        const std::uint64_t before = monotonic_ns();
        int status = 0;
        // Only one wait, whatever it returns, because one wait is one iteration. Nothing sends
        // signals to this process.
        if (::waitpid(child, &status, 0) != child) return complain(report, "waitpid");
        report.call_ns[i] = monotonic_ns() - before;
        report.calls = i + 1;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
        std::snprintf(report.error, sizeof report.error,
                      WIFEXITED(status) ? "run %u of the command ended with exit code %d"
                                        : "run %u of the command was killed by signal %d",
                      i, WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        return false;
    });
}

} // namespace

extern const Workload kCommand;
const Workload kCommand{"command", prepare_command, run_command};

} // namespace rig::guest
