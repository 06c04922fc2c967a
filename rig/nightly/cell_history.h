// SPDX-License-Identifier: GPL-2.0-or-later
// The history of a cell, and the steps (changes of level) in it. Pure.
#pragma once

#include "rig/nightly/nightly_config.h"
#include "rig/run_index/run_record.h"
#include "rig/stats/changepoint.h"

#include <functional>
#include <string>
#include <vector>

namespace rig {

// Number of newest runs that are searched for change points.
inline constexpr std::size_t kHistory = 200;

// The options for change points: those of the dashboard, with the values of the configuration.
ChangePointOptions change_options(const NightConfig& config);

// Whether `run` belongs to this cell: same experiment, same overrides, and exactly this text of the
// file. Its result does not matter.
bool is_of_cell(const RunRecord& run, const NightCell& cell, const std::string& experiment,
                const std::string& text);

// Selects from `records` (in any order) the history of this cell: runs that are comparable
// (dashboard_cell_of()) with the newest of them, and in which all validity checks passed. Oldest
// first, at most kHistory. The experiment must be `experiment`, and its file must have had exactly
// this text: another text has another history. The commit of a followed tree may differ; it is in
// RunRecord::revision.
std::vector<const RunRecord*> history_of(const std::vector<RunRecord>& records,
                                         const NightCell& cell, const std::string& experiment,
                                         const std::string& text);

// The record with this id; nullptr if there is none.
const RunRecord* find_record(const std::vector<RunRecord>& records, const std::string& id);

// The newest run of this cell with an id below `before` (empty: any) for which `is` returns true;
// nullptr if there is none.
const RunRecord* newest_of(const std::vector<RunRecord>& records, const NightCell& cell,
                           const std::string& experiment, const std::string& text,
                           const std::string& before,
                           const std::function<bool(const RunRecord&)>& is);

// The level of one arm before and after a step. `low` and `high`: range of the values before.
struct Level {
    std::string arm;
    double before = 0, after = 0, low = 0, high = 0;
};
// A step of a metric, with all arms that changed in the same direction at the same place.
struct Step {
    std::string metric, unit;
    bool rose = false;
    std::size_t at = 0;        // index of the first run after the step
    double p = 1;              // largest p-value of its arms
    std::vector<Level> levels; // at least one; the largest step first
};
// The steps of the watched metrics, ordered by place. Figures with another definition than those of
// the newest run are left out.
std::vector<Step> steps_of(const std::vector<const RunRecord*>& runs, const NightCell& cell,
                           const ChangePointOptions& options);

// Whether one more run confirms the step. The median of that run must be nearer to the level after
// the step than to the level before, in each arm. The search must also find the step again with
// that run. `runs`: as they were when the step was found.
bool confirms(const Step& step, const std::vector<const RunRecord*>& runs, const RunRecord& more,
              const NightCell& cell, const ChangePointOptions& options);

} // namespace rig
