// SPDX-License-Identifier: GPL-2.0-or-later
// The facts about a cell at the start of a night, and whether a part of it changed since a date or
// a revision.
#pragma once

#include "rig/base/error.h"
#include "rig/host/command_runner.h"
#include "rig/nightly/nightly.h"
#include "rig/nightly/nightly_config.h"
#include "rig/nightly/nightly_plan.h"

#include <functional>
#include <string>

namespace rig {

// Makes the filter for --since. For each cell it returns the reason to leave it out, or "".
//
// With a date (2026-02-23 or 2026-02-23T10:32:48Z) it keeps cells that never ran, and cells whose
// source, patches, configuration, experiment file or rig differ from those before that time, as far
// as nights have recorded them. With a revision it keeps cells that follow a tree with commits in
// REV..branch, and other cells whose experiment file, patches or fragments differ from REV in the
// project's own repository (files that git does not track are not compared). A cell whose
// repository lacks the revision is left out with that reason; FaultDomain::Spec if this is true of
// all cells.
Result<std::function<std::string(const NightCell&, const CellFacts&, const CellMemory*)>>
since_filter(const NightConfig& config, const std::string& since, CommandRunner& runner);

// The facts of a cell: the experiment, its identities, the head of its branch.
CellFacts facts_of(const NightConfig& config, const NightCell& cell, const std::string& program,
                   CommandRunner& runner);

std::string first_line(const std::string& text);

} // namespace rig
