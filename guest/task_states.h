// SPDX-License-Identifier: GPL-2.0-or-later
// What the tasks of the guest's user space do when its deadline has passed, and whether the kernel
// lets go of each: every one is told to stop (SIGSTOP, which none can refuse). One that stops came
// to where signals are taken, so that it slept or looped of its own will; one that does not is kept
// by the kernel.
#pragma once

#include <string>
#include <sys/types.h>

namespace rig::guest {

// JSON: {"workload": pid, "window_ms", "ticks_per_s", "left_out", "tasks": [{"pid", "tid",
// "parent", "comm", "of_workload", "state" and "state_after" (the letters of /proc/PID/stat, "" of
// a task that was not there yet), "user_ticks", "system_ticks", "switches", each with "_after",
// "wchan", "syscall" (a name or number, "running", "none"; "" where the kernel does not tell),
// "flags" (clone(2)'s), "stack"}]}. Kernel threads and the calling process are left out.
// `workload`: whose end is waited for, 0: nobody's; its tasks are its descendants, and orphans with
// a pid of its children's. Stops everything but PID 1 and the caller.
std::string task_report(pid_t workload);

} // namespace rig::guest
