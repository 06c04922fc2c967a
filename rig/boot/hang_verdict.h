// SPDX-License-Identifier: GPL-2.0-or-later
// Of a guest that did not come to its end while none of its kernel's detectors spoke: was it the
// kernel, or a program that never ends? By what the agent saw of the tasks at its own deadline
// (guest/task_states.h), else by the vCPUs' registers at the host's. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct HangVerdict {
    enum Whose { Kernels, Workloads, Undecided } whose = Undecided;
    std::string why; // "cat (pid 171) sleeps interruptibly in read(2)": goes on a sentence
};

// `tasks`: artifact guest::kTasks, untrusted.
HangVerdict by_tasks(std::string_view tasks);

// `looks`: the registers, each time they were read. `others_compute`: programs that are not the
// workload use CPUs without end, so that one in user mode says nothing of it.
HangVerdict by_registers(const std::vector<std::string>& looks, bool others_compute);

} // namespace rig
