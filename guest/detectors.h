// SPDX-License-Identifier: GPL-2.0-or-later
// Records the switches of the kernel's detectors when the guest starts and when it ends. A detector
// can be turned off while the kernel runs: by a test's script, or by itself (lockdep).
#pragma once

#include <string>
#include <vector>

namespace rig::guest {

struct DetectorSwitch {
    std::string name;  // name as for sysctl or the command line: "kernel.watchdog",
                       // "rcupdate.rcu_cpu_stall_suppress"
    std::string value; // "" if it could not be read
};
// The switches that this kernel has, always in the same order.
std::vector<DetectorSwitch> detector_switches();

// The artifact kDetectorSwitches: lines such as "kernel.watchdog 1", or "kernel.watchdog 1 -> 0" if
// the switch was changed.
std::string detector_report(const std::vector<DetectorSwitch>& before,
                            const std::vector<DetectorSwitch>& after);

} // namespace rig::guest
