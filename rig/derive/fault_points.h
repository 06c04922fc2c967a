// SPDX-License-Identifier: GPL-2.0-or-later
// Which functions of the kernel a fault point can make fail.
#pragma once

#include "rig/fault_points/fault_point.h"

#include <string_view>

namespace rig {

// The fault point that can make calls of this function fail. nullptr: none. `function` is a name
// of the source. Pure.
const FaultPoint* fault_point_of(std::string_view function);

// What is below this function is not the caller's: it ends the kernel, or lets another task run.
// Pure.
bool leaves_the_caller(std::string_view function);

} // namespace rig
