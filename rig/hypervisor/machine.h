// SPDX-License-Identifier: GPL-2.0-or-later
// What a guest runs on: its clock, what executes its instructions, and how slow the host is.
#pragma once

#include "rig/base/guest_clock.h"

namespace rig {

struct Machine {
    GuestClock clock = GuestClock::Virtual;
    Accelerator accelerator = Accelerator::Tcg;
    double slowness = 1; // host_slowdown_factor(): time limits are multiplied by it
};

} // namespace rig
