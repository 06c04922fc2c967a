// SPDX-License-Identifier: GPL-2.0-or-later
// `rig export`: a run in a format that other tools read. The renderers are pure and in report/;
// here are files and options.
#pragma once

#include "rig/cli/command.h"

namespace rig {

const std::vector<std::string>& export_formats();

// line.run in line.format, to line.out (replaced as a whole) or as the output's text. Succeeds
// whatever the verdict is: it is in what is written. The format decides what that looks like,
// CommonOptions::json does not. FaultDomain::Spec: an option that does not fit the format, no run,
// or a file that cannot be written there.
Result<CommandOutput> export_command(const CommandOptions& line, const CommonOptions& common);

} // namespace rig
