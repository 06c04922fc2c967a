// SPDX-License-Identifier: GPL-2.0-or-later
// The commands `rig compare` (for an experiment or a suite) and `rig verdict`.
#pragma once

#include "rig/cli/command.h"
#include "rig/experiment/environment.h"

#include <stop_token>
#include <string>

namespace rig {

// For `git bisect run`: from 128 on it stops the search, whatever is wrong is wrong for each
// commit.
inline constexpr int kGitBisectStop = 128;

Result<CommandOutput> compare_command(const CommandOptions&, const CommonOptions&,
                                      const Environment&, std::stop_token);

struct VerdictOptions {
    std::string run; // for find_run(), or an experiment file, which is run first
    bool git_bisect = false;
    Overrides overrides;
};
// Returns the closing line of a run and its exit code. With git_bisect the exit codes are those of
// `git bisect run`: 0 pass; 1 fail (a regression or a failed expectation); 125 (skip) for a result
// that says nothing about the change: inconclusive, a kernel that does not build or panics, a host
// fault; 128 (stop) if no commit could be tested: an unreadable experiment, a missing run, an
// interrupt.
Result<CommandOutput> verdict_command(const VerdictOptions&, const CommonOptions&,
                                      const Environment&, std::stop_token);

// 0, 1 or 125.
int git_bisect_code(Exit exit);

} // namespace rig
