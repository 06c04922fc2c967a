// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/detectors.h"

#include <gtest/gtest.h>

using rig::guest::detector_report;
using rig::guest::DetectorSwitch;

TEST(DetectorSwitches, TellWhatWasThrownBetweenStartAndEnd) {
    const std::vector<DetectorSwitch> before{{"kernel.watchdog", "1"},
                                             {"rcupdate.rcu_cpu_stall_suppress", "0"},
                                             {"kernel.watchdog_thresh", "10"}};
    EXPECT_EQ(detector_report(before, before),
              "kernel.watchdog 1\nrcupdate.rcu_cpu_stall_suppress 0\nkernel.watchdog_thresh 10\n");
    EXPECT_EQ(detector_report(before,
                              {{"kernel.watchdog", "0"}, {"rcupdate.rcu_cpu_stall_suppress", "1"}}),
              "kernel.watchdog 1 -> 0\nrcupdate.rcu_cpu_stall_suppress 0 -> "
              "1\nkernel.watchdog_thresh 10 -> gone\n");
    EXPECT_EQ(detector_report({}, {}), "") << "a kernel without one";
}
