// SPDX-License-Identifier: GPL-2.0-or-later
// The end of a boot by the guest's own clock. A guest that hangs idle under the virtual clock,
// whose hours pass in seconds, is then found at the same moment of every replay, and says itself
// which tasks are blocked. One whose CPUs all stand still with interrupts off says nothing any
// more: for that there is the machine's watchdog (i6300esb, where the machine has it and the kernel
// its driver), which the waiting process keeps from firing. It counts by the guest's clock as well.
#pragma once

#include "guest/channel.h"

#include <sys/types.h>

namespace rig::guest {

class Deadline {
 public:
    // 0: none. When it passes: SysRq w (blocked tasks, on the console), a Failure frame of stage
    // kDeadlineStage, power-off.
    Deadline(unsigned seconds, Channel& channel);
    ~Deadline(); // it was met
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

 private:
    pid_t pid_ = -1;
};

} // namespace rig::guest
