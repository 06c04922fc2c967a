// SPDX-License-Identifier: GPL-2.0-or-later
// `rig compare` (an experiment, or a suite of them) and `rig verdict`.
#pragma once

#include "rig/cli/command.h"
#include "rig/experiment/environment.h"

#include <stop_token>
#include <string>

namespace rig {

Result<CommandOutput> compare_command(const CommandOptions&, const CommonOptions&,
                                      const Environment&, std::stop_token);

struct VerdictOptions {
    std::string run; // find_run(), or an experiment file: it is run first
    bool git_bisect = false;
    Overrides overrides;
};
// The closing line of a run and its exit code; with git_bisect what `git bisect run` understands: 0
// as expected, 1 a regression or a broken expectation, 125 (skip) for whatever says nothing of what
// is hunted: inconclusive, a kernel that does not build or panics, the host's fault; and 128 (stop)
// where no commit could be tested: an experiment that cannot be read, a run that is not there, an
// interrupt.
Result<CommandOutput> verdict_command(const VerdictOptions&, const CommonOptions&,
                                      const Environment&, std::stop_token);

// 0, 1 or 125.
int git_bisect_code(Exit exit);

} // namespace rig
