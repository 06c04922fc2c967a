// SPDX-License-Identifier: GPL-2.0-or-later
// JUnit XML as the xUnit plugin of Jenkins defines it in junit-10.xsd (testdata/schemas): one
// testsuite for the run, then one for each arm. Outcomes become:
//
// - Held: a testcase without child.
// - Broken: failure (type "fail").
// - Unproven, Missed: error (type "inconclusive" or "host"); the test was not carried out.
// - NotRun, Doubtful, Undecided, Unseen, NotJudged, MadeAgain: skipped (type "not-run", "doubtful",
//   ...).
//
// The system-out of a testcase has the figures. Pure.
#pragma once

#include "rig/export/checks.h"

#include <string>

namespace rig {

std::string render_junit(const ReportInput& input, const std::vector<FaultRecord>& faults);

} // namespace rig
