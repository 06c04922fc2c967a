// SPDX-License-Identifier: GPL-2.0-or-later
// Names of the counts that an experiment adds to rig's own. The plan assigns them; readers of
// Sample::counts use them.
#pragma once

#include "rig/spec/spec.h"

#include <string>
#include <string_view>

namespace rig {

// The key in Sample::counts of a count that the experiment defines (a tracepoint, a function's
// calls, a counter of the workload). It cannot collide with rig's own keys.
std::string custom_count_key(std::string_view metric);

// The key in Sample::counts of what a rate counts in the latency pass, and of the guest time of
// that pass's window. Present only if the experiment has a rate.
std::string rate_key(std::string_view metric);
inline constexpr const char* kRateWindowKey = "rate_window_ns";

// The key in Sample::counts for the calls of another arm's marker by the workload. The key is
// absent if the kernel has no such function, or if it is the arm's own marker.
std::string marker_key(const std::string& function);

} // namespace rig
