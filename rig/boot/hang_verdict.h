// SPDX-License-Identifier: GPL-2.0-or-later
// For a guest that did not complete although no kernel detector fired: decides whether the kernel
// is stuck or a program never ends. Uses the states of tasks that the agent saw at its own deadline
// (guest/task_states.h), or else the vCPU registers at the host's deadline. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct HangVerdict {
    enum Whose { Kernels, Workloads, Undecided } whose = Undecided;
    // Continues a sentence: "cat (pid 171) sleeps interruptibly in read(2)".
    std::string why;
};

// `tasks` is artifact guest::kTasks, which is untrusted.
HangVerdict by_tasks(std::string_view tasks);

// `looks` has the registers of each time they were read. `others_compute`: programs other than the
// workload compute endlessly, so a CPU in user mode does not show that the workload loops.
HangVerdict by_registers(const std::vector<std::string>& looks, bool others_compute);

} // namespace rig
