// SPDX-License-Identifier: GPL-2.0-or-later
// `rig boot --count-lines`: how often the changed lines of an arm ran in one boot.
#pragma once

#include "rig/analysis/line_evidence.h"
#include "rig/cli/lines_command.h"
#include "rig/guest_output/instruction_counts.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

// One row for each changed line: its executions by window, or why it has none.
std::string counted_lines_text(const ArmLines& lines, const InstructionCounts& counts);
// The same for every line: [{"file", "line", "reason", "bound", "count_pass", "latency_pass",
// "rest"}], the last three null where nothing was counted.
nlohmann::json counted_lines_json(const ArmLines& lines, const InstructionCounts& counts);

} // namespace rig
