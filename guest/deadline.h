// SPDX-License-Identifier: GPL-2.0-or-later
// Ends a boot by the guest's own clock. Under the virtual clock the hours of an idle guest pass in
// seconds, so that a hung guest is found at the same moment of every replay, and reports itself
// which tasks are blocked. If all CPUs halt with interrupts disabled, the guest cannot report
// anything. For that case there is the machine's watchdog (i6300esb, if the machine has it and the
// kernel its driver), which also counts the guest's clock. The waiting process keeps it from
// firing.
#pragma once

#include "guest/channel.h"
#include "guest/kernel_log.h"

#include <atomic>
#include <sys/types.h>

namespace rig::guest {

class Deadline {
 public:
    // `seconds` = 0: no deadline. When it passes: SysRq w (blocked tasks, on the console), the
    // artifacts kTasks and kKernelLog, a Failure frame of stage kDeadlineStage, power-off.
    Deadline(unsigned seconds, Channel& channel, KernelLog& log);
    ~Deadline(); // the boot met the deadline
    // From now on the agent only waits for this process of a workload; 0: it does not wait any
    // more.
    void awaits(pid_t workload) {
        if (awaited_) *awaited_ = workload;
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

 private:
    pid_t pid_ = -1;
    std::atomic<pid_t>* awaited_ = nullptr; // shared with the process that waits for the deadline
};

} // namespace rig::guest
