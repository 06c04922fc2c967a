// SPDX-License-Identifier: GPL-2.0-or-later
// The history of a cell, and the steps in it. Pure.
#pragma once

#include "rig/nightly/nightly_config.h"
#include "rig/run_index/run_record.h"
#include "rig/stats/changepoint.h"

#include <functional>
#include <string>
#include <vector>

namespace rig {

inline constexpr std::size_t kHistory = 200; // newest runs that are searched for change points

// The options for a night's change points: as the dashboard has them, with the configuration's say.
ChangePointOptions change_options(const NightConfig& config);

// Is it a run of this cell: of its experiment, with its overrides and to the letter of this text?
// Whatever came of it.
bool is_of_cell(const RunRecord& run, const NightCell& cell, const std::string& experiment,
                const std::string& text);

// Of all records, any order: the runs of this cell whose figures may stand in one line
// (dashboard_cell_of()) with the newest of them, that ended with every proof held; oldest first, at
// most kHistory. The experiment must be `experiment` and its file have had this text to the letter:
// of another text the history is another one. The commit of a followed tree may differ; it is
// RunRecord::revision.
std::vector<const RunRecord*> history_of(const std::vector<RunRecord>& records,
                                         const NightCell& cell, const std::string& experiment,
                                         const std::string& text);

// The one with this id; nullptr if there is none.
const RunRecord* find_record(const std::vector<RunRecord>& records, const std::string& id);

// The newest run of this cell with an id below `before` (any, if that is empty) that is as wanted;
// nullptr if there is none.
const RunRecord* newest_of(const std::vector<RunRecord>& records, const NightCell& cell,
                           const std::string& experiment, const std::string& text,
                           const std::string& before,
                           const std::function<bool(const RunRecord&)>& is);

// A level of one arm on both sides of a step; the range is of the values before.
struct Level {
    std::string arm;
    double before = 0, after = 0, low = 0, high = 0;
};
// Where a metric changed its level, in all arms that did so in the same direction at the same
// place.
struct Step {
    std::string metric, unit;
    bool rose = false;
    std::size_t at = 0;        // index of the first run after it
    double p = 1;              // the largest of its arms
    std::vector<Level> levels; // the largest step first; at least one
};
// Of the watched metrics, by place. Figures that are defined otherwise than the newest run's are
// left out.
std::vector<Step> steps_of(const std::vector<const RunRecord*>& runs, const NightCell& cell,
                           const ChangePointOptions& options);

// Is the step still there with one run more? That run's median must be nearer to the level after it
// than to the level before, in each arm, and the search must find the step again with it. `runs` as
// they were when the step was found.
bool confirms(const Step& step, const std::vector<const RunRecord*>& runs, const RunRecord& more,
              const NightCell& cell, const ChangePointOptions& options);

} // namespace rig
