// SPDX-License-Identifier: GPL-2.0-or-later
// These functions name the counts that an experiment adds to rig's own. The plan gives a count its
// key; whoever reads Sample::counts finds it there.
#pragma once

#include <string>
#include <string_view>

namespace rig {

// Under which key of Sample::counts a count lies that the experiment defines (a tracepoint's, a
// function's calls, a counter of the workload's): apart from rig's own.
std::string custom_count_key(std::string_view metric);

// Under which key of Sample::counts a boot holds how often the workload called another arm's
// witness. There is none where its kernel has no such function, or it is its own arm's witness.
std::string marker_key(const std::string& function);

} // namespace rig
