// SPDX-License-Identifier: GPL-2.0-or-later
// `rig lines`: which addresses of an arm's kernel the changed lines have, or why they have none.
#pragma once

#include "rig/cli/command.h"
#include "rig/kernel/changed_lines.h"
#include "rig/kernel/line_map.h"

#include <string>
#include <vector>

namespace rig {

struct Environment;

struct LinesOptions {
    std::filesystem::path spec;
    std::string arm;
    std::string against; // the other arm; empty: the baseline, or of the baseline the second arm
    Overrides overrides;
};

Result<CommandOutput> lines_command(const LinesOptions&, const CommonOptions&, const Environment&);

// An arm with the changes that it is looked at for.
struct ArmLines {
    std::string arm, against;
    Kernel kernel;
    LineMap map;
};
// Builds the kernel of `arm` if need be, and maps its lines. FaultDomain::Spec for an arm that is
// not in the experiment, and for an experiment with one arm.
Result<ArmLines> lines_of_arm(const Spec& spec, const std::string& arm, const std::string& against,
                              const Environment& environment);

// "comment", "declaration, type or initialiser: of f() (next to the change)".
std::string reason_of(const MappedLine& line);
// Lines without addresses that follow each other and have the same reason are one entry of a text.
// The last line of the entry that begins with this one; both are indices.
std::size_t end_of_entry(const std::vector<MappedLine>& lines, std::size_t first);
// At most 100 columns.
std::string lines_text(const ArmLines& lines);
std::string lines_json(const ArmLines& lines);

} // namespace rig
