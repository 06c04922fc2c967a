// SPDX-License-Identifier: GPL-2.0-or-later
// The command `rig export`: writes a run in a format that other tools read. The renderers are pure
// and in export/; this module handles files and options.
#pragma once

#include "rig/cli/command.h"

namespace rig {

const std::vector<std::string>& export_formats();

// Writes line.run in line.format to line.out (which is replaced as a whole), or returns it as the
// output's text. Succeeds whatever the verdict, which is in the export. The format alone decides
// the form; CommonOptions::json has no effect. FaultDomain::Spec: an option that does not fit the
// format, a missing run, or a file that cannot be written.
Result<CommandOutput> export_command(const CommandOptions& line, const CommonOptions& common);

} // namespace rig
