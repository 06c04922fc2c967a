// SPDX-License-Identifier: GPL-2.0-or-later
// Prints lists of runs, one run's record, and two runs side by side, as text. At most 100 columns.
// Pure.
#pragma once

#include "rig/report/text.h"
#include "rig/run_index/prune.h"
#include "rig/run_index/run_diff.h"
#include "rig/run_index/run_record.h"

#include <string>
#include <vector>

namespace rig {

// One row per run: ID, experiment, clock, boots, verdict, closing line (on a line of its own if the
// row is too long).
std::string list_text(const std::vector<RunRecord>& runs, Colour colour);
std::string show_text(const RunRecord& run, Colour colour);
std::string diff_text(const RunDiff& diff);

} // namespace rig
