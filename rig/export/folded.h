// SPDX-License-Identifier: GPL-2.0-or-later
// Folded stacks, the input of flame-graph tools (flamegraph.pl, inferno, speedscope): one line for
// each function and program of each arm and window, "arm;window;kernel;function COUNT". Pure.
#pragma once

#include "rig/analysis/profile_change.h"

#include <string>
#include <vector>

namespace rig {

// COUNT is the sum of instructions over the arm's boots, or of idle nanoseconds for
// "arm;window;idle". Lines are sorted, each stack once. A semicolon in a name becomes a colon,
// since it would begin another frame.
std::string render_folded(const std::vector<BootProfile>& boots);

} // namespace rig
