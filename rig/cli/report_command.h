// SPDX-License-Identifier: GPL-2.0-or-later
// `rig report`, `rig explain` and `rig calibrate`: they say what the samples of a run show.
#pragma once

#include "rig/cli/command.h"
#include "rig/report/report.h"

#include <stop_token>

namespace rig {

// A report as the text or the JSON that was asked for, with the exit code of its comparison.
CommandOutput report_output(const ReportInput& report, const CommonOptions& common);

Result<CommandOutput> report_command(const CommandOptions&, const CommonOptions&);
// How the verdicts on line.metric came about. Succeeds whatever they are.
Result<CommandOutput> explain_command(const CommandOptions&, const CommonOptions&);
// Boots line.spec with its baseline twice, or takes a run that did (line.spec names its folder),
// and calibrates on it.
Result<CommandOutput> calibrate_command(const CommandOptions&, const CommonOptions&,
                                        const Environment&, std::stop_token);

} // namespace rig
