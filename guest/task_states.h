// SPDX-License-Identifier: GPL-2.0-or-later
// Reports what the guest's user-space tasks do when its deadline has passed, and whether they can
// leave the kernel. Every task gets SIGSTOP, which cannot be ignored. A task that stops has reached
// the point where signals are handled, so it was sleeping or looping by its own choice. A task that
// does not stop is stuck in the kernel.
#pragma once

#include <string>
#include <sys/types.h>

namespace rig::guest {

// The report as JSON: {"workload": pid, "window_ms", "ticks_per_s", "left_out", "tasks": [{"pid",
// "tid", "parent", "comm", "of_workload", "state" and "state_after" (the letters of /proc/PID/stat;
// "" for a task that did not exist yet), "user_ticks", "system_ticks", "switches", each with
// "_after", "wchan", "syscall" (a name or number, "running", "none"; "" if the kernel does not
// tell), "flags" (those of clone(2)), "stack"}]}. Kernel threads and the calling process are left
// out. `workload` is the process that the agent waits for; 0: none. Its tasks are its descendants,
// and orphans whose pids are in the range of its children. Stops everything but PID 1 and the
// caller.
std::string task_report(pid_t workload);

} // namespace rig::guest
