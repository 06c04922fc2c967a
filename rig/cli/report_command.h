// SPDX-License-Identifier: GPL-2.0-or-later
// The commands `rig report`, `rig explain` and `rig calibrate`: they evaluate the samples of a run.
#pragma once

#include "rig/cli/command.h"
#include "rig/report/report.h"

#include <stop_token>

namespace rig {

// A report as text or, if requested, as JSON, with the exit code of its comparison.
CommandOutput report_output(const ReportInput& report, const CommonOptions& common);

Result<CommandOutput> report_command(const CommandOptions&, const CommonOptions&);
// Explains the verdicts on line.metric. Succeeds whatever they are.
Result<CommandOutput> explain_command(const CommandOptions&, const CommonOptions&);
// Boots line.spec with its baseline twice, or uses the run in the folder line.spec that did so.
// Then calibrates with its boots.
Result<CommandOutput> calibrate_command(const CommandOptions&, const CommonOptions&,
                                        const Environment&, std::stop_token);

} // namespace rig
