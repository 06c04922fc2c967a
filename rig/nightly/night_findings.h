// SPDX-License-Identifier: GPL-2.0-or-later
// Compares a run of a cell with the runs before it. A failed expectation or a step opens an
// incident; if it is gone, the incident is fixed. Nothing counts before a re-run confirms it.
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

// A run to examine, and what that needs from the night.
struct RunToLookAt {
    const NightConfig& config;
    const NightCell& cell;
    const CellFacts& facts;
    const CellMemory& memory;                 // of the cell, from before this run
    const std::vector<RunRecord>& records;    // all records of the experiment, in any order
    const RunRecord& record;                  // record of the run
    const std::string& night;                 // id of the night
    CellResult& result;                       // gets the confirmations
    IncidentBook& book;                       // gets the incidents
    std::function<Result<RunRecord>()> rerun; // runs the cell once more
    // Called after a failed re-run; an error ends the night.
    std::function<Status()> fail_if_stopped;
    std::function<void(const std::string&)> note; // progress text
};

// Returns only the errors of `fail_if_stopped`.
Status look_at_run(const RunToLookAt& run);

} // namespace rig
