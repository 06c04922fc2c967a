// The end of a boot by the guest's own clock. A guest that hangs idle under the virtual clock, whose hours pass in seconds, is then
// found at the same moment of every replay, and says itself which tasks are blocked.
#pragma once

#include "guest/channel.h"

#include <sys/types.h>

namespace rig::guest {

class Deadline {
 public:
    // 0: none. When it passes: SysRq w (blocked tasks, on the console), a Failure frame of stage kDeadlineStage, power-off.
    Deadline(unsigned seconds, Channel& channel);
    ~Deadline(); // it was met
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

 private:
    pid_t pid_ = -1;
};

} // namespace rig::guest
