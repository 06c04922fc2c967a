// SPDX-License-Identifier: GPL-2.0-or-later
// The functions of the kernel that each fault point can make fail.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct FaultPoint {
    std::string name;                   // its folder in debugfs: "failslab"
    std::vector<std::string> functions; // what callers call, under the names of all known kernels
};
const std::vector<FaultPoint>& fault_points();

// The fault point that can make calls of this function fail. nullptr: none. `function` is a name
// of the source. Pure.
const FaultPoint* fault_point_of(std::string_view function);

// What is below this function is not the caller's: it ends the kernel, or lets another task run.
// Pure.
bool leaves_the_caller(std::string_view function);

} // namespace rig
