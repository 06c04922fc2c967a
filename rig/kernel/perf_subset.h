// SPDX-License-Identifier: GPL-2.0-or-later
// Reduces a tree's tools/perf to what rig's guests need: the subcommands that the agent runs. The
// other subcommands, perf's tests and its benchmarks are half of what would be compiled.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace rig {

// A Build file of tools/perf (in make's syntax) without the lines of other subcommands, tests and
// benchmarks. One object replaces each of the three.
std::string perf_build_subset(std::string_view build);

// C source with a stub for every `int cmd_NAME(int argc, const char **argv);` that builtin.h
// declares. The stubs are weak, so that a compiled subcommand replaces its stub. A stub prints that
// the subcommand is missing and returns 129. FaultDomain::Host unless builtin.h declares all the
// subcommands that the agent runs.
Result<std::string> perf_command_stubs(std::string_view builtin_h);

// Reduces a private copy of tools/perf to the subset. FaultDomain::Host.
Status keep_perf_subset(const std::filesystem::path& tools_perf);

} // namespace rig
