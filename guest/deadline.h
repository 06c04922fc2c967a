// SPDX-License-Identifier: GPL-2.0-or-later
// The end of a boot by the guest's own clock. A guest that hangs idle under the virtual clock,
// whose hours pass in seconds, is then found at the same moment of every replay, and says itself
// which tasks are blocked. One whose CPUs all stand still with interrupts off says nothing any
// more: for that there is the machine's watchdog (i6300esb, where the machine has it and the kernel
// its driver), which the waiting process keeps from firing. It counts by the guest's clock as well.
#pragma once

#include "guest/channel.h"
#include "guest/kernel_log.h"

#include <atomic>
#include <sys/types.h>

namespace rig::guest {

class Deadline {
 public:
    // 0: none. When it passes: SysRq w (blocked tasks, on the console), the artifacts kTasks and
    // kKernelLog, a Failure frame of stage kDeadlineStage, power-off.
    Deadline(unsigned seconds, Channel& channel, KernelLog& log);
    ~Deadline(); // it was met
    // From now on the agent does nothing but wait for this process of a workload; 0: it does not.
    void awaits(pid_t workload) {
        if (awaited_) *awaited_ = workload;
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

 private:
    pid_t pid_ = -1;
    std::atomic<pid_t>* awaited_ = nullptr; // shared with the process that waits
};

} // namespace rig::guest
