// SPDX-License-Identifier: GPL-2.0-or-later
// What a cell of a night is at this moment: the facts a night begins with, and whether anything of
// it changed since a date or a revision.
#pragma once

#include "rig/base/error.h"
#include "rig/host/command_runner.h"
#include "rig/nightly/nightly.h"
#include "rig/nightly/nightly_config.h"
#include "rig/nightly/nightly_plan.h"

#include <functional>
#include <string>

namespace rig {

// What changed since a date or a git revision, for each cell: why it is left out, or "".
//
// A date (2026-02-23 or 2026-02-23T10:32:48Z): cells that never ran, and those whose source,
// patches, configuration, experiment file or rig is another than it was before that time, as far as
// nights have seen it. A revision: cells that follow a tree in which there are commits in
// REV..branch; of others, those whose experiment file, patches or fragments differ from REV in the
// project's own repository (files that git does not track are not seen). A cell in whose repository
// there is no such revision is left out and says so; FaultDomain::Spec if that is true of all.
Result<std::function<std::string(const NightCell&, const CellFacts&, const CellMemory*)>>
since_filter(const NightConfig& config, const std::string& since, CommandRunner& runner);

// What `facts` of a night are here: the experiment, its identities, the head of its branch.
CellFacts facts_of(const NightConfig& config, const NightCell& cell, const std::string& program,
                   CommandRunner& runner);

std::string first_line(const std::string& text);

} // namespace rig
