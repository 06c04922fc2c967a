// SPDX-License-Identifier: GPL-2.0-or-later
// Lets perf's filters distinguish a workload's tasks from all others. perf and the other
// instruments start after the workload's process and the threads that it prepares, so their pids
// lie just above the last of these. A workload that starts processes first uses up the pids below
// first_child_pid(). Then "common_pid == $PID || common_pid >= $CHILDREN" matches only the workload
// and its children. Fault injection does not need this: make-it-fail is a task attribute that
// children inherit.
#pragma once

#include <sys/types.h>
#include <vector>

namespace rig::guest {

struct WorkloadReport;

// Enough for the instruments: two perf processes and their helpers need only a few pids.
constexpr pid_t kInstrumentPids = 64;
// `last` is the workload's pid, or the highest id of its threads.
constexpr pid_t first_child_pid(pid_t last) {
    return last + kInstrumentPids;
}

// A workload that is ready: its process, and the threads that make its calls.
struct OwnTasks {
    pid_t pid = -1;
    pid_t last = -1; // the highest of all these ids
    std::vector<pid_t> threads = {};
};
OwnTasks own_tasks(pid_t pid, const WorkloadReport& report);

// Uses up pids until the next fork gets a child's pid. The workload's process must call it after
// the instruments have started. The processes that it starts for that share the caller's memory and
// free none of it. False: see report.error.
bool reserve_child_pids(WorkloadReport& report);
// Whether a child's pid is one of those above.
bool is_own_child(pid_t child, const WorkloadReport& report);

// fork(2). Returns -1, with report.error, also if the child's pid is below first_child_pid()
// because pids wrapped around; the child has then ended.
pid_t fork_own(WorkloadReport& report);

} // namespace rig::guest
