// SPDX-License-Identifier: GPL-2.0-or-later
// `rig boot --count-lines`: how often the changed lines of an arm ran in one boot.
#pragma once

#include "rig/cli/lines_command.h"
#include "rig/guest_output/instruction_counts.h"

#include <optional>
#include <string>
#include <vector>

namespace rig {

// The instructions to count. Those of __init code are not among them: after boot something else is
// at their addresses.
std::vector<CountedRange> ranges_of(const LineMap& map);

// How often a line ran in a window: as often as the one of its instructions that ran most often.
// Inlined copies do not add up. Of a line without an instruction of its own (LineReason::Merged)
// this is an upper bound, the sum of its copies. Of a call that was inlined (LineReason::Inlined)
// they are the instructions that LineCode::inlined describes. nullopt: nothing of it was counted.
std::optional<std::uint64_t> executions(const MappedLine& line, const InstructionCounts& counts,
                                        CountWindow window);

// One row for each changed line: its executions by window, or why it has none.
std::string counted_lines_text(const ArmLines& lines, const InstructionCounts& counts);

} // namespace rig
