// SPDX-License-Identifier: GPL-2.0-or-later
// Processes of a workload that filters can tell from everything else. perf and whatever else
// measures starts after the workload's process; its pids lie just above. A workload that starts
// processes first uses up the pids below first_child_pid(), so that "common_pid == $PID ||
// common_pid >= $CHILDREN" names the workload and its children alone. Injection needs no such
// thing: make-it-fail is part of a task and is inherited.
#pragma once

#include <sys/types.h>

namespace rig::guest {

struct WorkloadReport;

// Room for the instruments: two perfs and their helpers take a handful.
constexpr pid_t kInstrumentPids = 64;
constexpr pid_t first_child_pid(pid_t workload) {
    return workload + kInstrumentPids;
}

// Uses up pids until the next fork's is one of a child. To be called by the workload's process when
// the instruments run. The processes it takes for that share this one's memory and free none of it.
// False: report.error tells.
bool reserve_child_pids(WorkloadReport& report);

// fork(2); -1 with report.error also if the child's pid is below first_child_pid() (pids wrapped
// around), in which case the child is gone again.
pid_t fork_own(WorkloadReport& report);

} // namespace rig::guest
