// SPDX-License-Identifier: GPL-2.0-or-later
// Many runs, one run's record, and two side by side, for people. At most 100 columns. Pure.
#pragma once

#include "rig/report/text.h"
#include "rig/run_index/prune.h"
#include "rig/run_index/run_diff.h"
#include "rig/run_index/run_record.h"

#include <string>
#include <vector>

namespace rig {

// A row for each: id, experiment, clock, boots, verdict, closing line (below the row where it does
// not fit beside it).
std::string list_text(const std::vector<RunRecord>& runs, Colour colour);
std::string show_text(const RunRecord& run, Colour colour);
std::string diff_text(const RunDiff& diff);

} // namespace rig
