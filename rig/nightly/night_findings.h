// SPDX-License-Identifier: GPL-2.0-or-later
// Looks at a run of a cell beside the runs before it: a failed expectation or a step opens an
// incident, one that is gone ends it. Nothing is believed before a re-run confirms it.
#pragma once

#include "rig/base/error.h"
#include "rig/nightly/incidents.h"
#include "rig/nightly/night_state.h"
#include "rig/nightly/nightly_config.h"
#include "rig/nightly/nightly_plan.h"
#include "rig/run_index/run_record.h"

#include <functional>
#include <string>
#include <vector>

namespace rig {

// A run that is to be looked at, and what that needs of the night.
struct RunToLookAt {
    const NightConfig& config;
    const NightCell& cell;
    const CellFacts& facts;
    const CellMemory& memory;                 // of the cell, before this run
    const std::vector<RunRecord>& records;    // of the experiment, any order
    const RunRecord& record;                  // of the run
    const std::string& night;                 // its id
    CellResult& result;                       // gets the confirmations
    IncidentBook& book;                       // gets the incidents
    std::function<Result<RunRecord>()> rerun; // runs the cell once more
    std::function<Status()> fail_if_stopped;  // asked when a re-run failed: an error ends the night
    std::function<void(const std::string&)> note; // what is being done, for progress
};

// Errors: only those of `fail_if_stopped`.
Status look_at_run(const RunToLookAt& run);

} // namespace rig
