// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a suite: each check of each point, in order.
//
//   the check holds           the result is as expected; a control failed with the declared words
//   the point is open         inconclusive where something else was expected: exit 4
//   the point does not hold   anything else: exit 1
//
// A host fault ends the suite (exit 3). Everything that ran before is kept and listed.
#pragma once

#include "rig/experiment/environment.h"
#include "rig/experiment/experiment.h"
#include "rig/report/suite_result.h"
#include "rig/spec/suite.h"

#include <stop_token>
#include <string>
#include <vector>

namespace rig {

// The verdict on one run. `found` is its exit code; `reported` is everything it reported, as one
// text that must contain `says`. Pure.
CheckVerdict judge_check(Exit found, const std::string& reported, Exit expected,
                         const std::string& says);

// Compares the lines that a series adds with the texts that the check requires or forbids. Pure.
CheckResult check_added_lines(const PatchCheck& check, const std::vector<std::string>& patches);

// Checks all files of a suite before the first run, since the runs may take hours: each experiment
// with the overrides of its check, the shown metrics, the arms of builds.
Status check_suite_files(const Suite& suite, const std::vector<SpecOverride>& more);

// `more`: overrides of the command line, which apply to every run of the suite.
Result<SuiteResult> run_suite(const Suite& suite, const std::vector<SpecOverride>& more,
                              const Environment& environment, const ExperimentOptions& options,
                              std::stop_token stop);

} // namespace rig
