// SPDX-License-Identifier: GPL-2.0-or-later
// What of a tree's tools/perf rig's guests need: the subcommands that the agent runs. The others,
// perf's own tests and its benchmarks are half of what would be compiled.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace rig {

// A Build file of tools/perf (make's syntax) without the lines of other subcommands, tests and
// benchmarks, and with one object in place of each of the three.
std::string perf_build_subset(std::string_view build);

// C source of what then stands for every `int cmd_NAME(int argc, const char **argv);` that
// builtin.h declares: weak, so that a subcommand that is compiled takes its place. It says so and
// exits with 129. FaultDomain::Host if builtin.h declares none of the subcommands that the agent
// runs.
Result<std::string> perf_command_stubs(std::string_view builtin_h);

// Brings a private copy of tools/perf to the subset. FaultDomain::Host.
Status keep_perf_subset(const std::filesystem::path& tools_perf);

} // namespace rig
