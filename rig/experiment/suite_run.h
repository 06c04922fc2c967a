// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a suite: every check of every point, in order, and what came of it.
//
//   as expected (or, for a control, failed with the words it had to fail with)  -> the check holds
//   inconclusive where something else was expected                              -> the point is
//   open: exit 4 anything else                                                               -> the
//   point does not hold: exit 1
// A host fault ends the suite (exit 3); what was run until then is kept and listed.
#pragma once

#include "rig/experiment/environment.h"
#include "rig/experiment/experiment.h"
#include "rig/report/suite_result.h"
#include "rig/spec/suite.h"

#include <stop_token>
#include <string>
#include <vector>

namespace rig {

// The verdict on an outcome: its exit code and everything it reported as one text. Pure.
CheckVerdict judge_check(Exit found, const std::string& reported, Exit expected,
                         const std::string& says);

// What a series adds against what the check wants in it. Pure.
CheckResult check_added_lines(const PatchCheck& check, const std::vector<std::string>& patches);

// Everything that can be wrong with the files, before the first of what may be hours of runs: each
// experiment with the overrides of its check, the metrics shown, the arms built.
Status check_suite_files(const Suite& suite, const std::vector<SpecOverride>& more);

// `more` are overrides from the command line, for every run of the suite.
Result<SuiteResult> run_suite(const Suite& suite, const std::vector<SpecOverride>& more,
                              const Environment& environment, const ExperimentOptions& options,
                              std::stop_token stop);

} // namespace rig
