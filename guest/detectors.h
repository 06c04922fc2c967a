// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's own detectors can be told to be silent while it runs: by a test's script, or by
// themselves (lockdep). What their switches said when the guest came up and when it ended.
#pragma once

#include <string>
#include <vector>

namespace rig::guest {

struct DetectorSwitch {
    std::string name;  // as sysctl and the command line have it: "kernel.watchdog",
                       // "rcupdate.rcu_cpu_stall_suppress"
    std::string value; // "" if it could not be read
};
// Those that this kernel has, always in the same order.
std::vector<DetectorSwitch> detector_switches();

// Artifact kDetectorSwitches: "kernel.watchdog 1" a line, and "kernel.watchdog 1 -> 0" where it was
// thrown.
std::string detector_report(const std::vector<DetectorSwitch>& before,
                            const std::vector<DetectorSwitch>& after);

} // namespace rig::guest
