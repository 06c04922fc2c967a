// SPDX-License-Identifier: GPL-2.0-or-later
// A static site over all runs of the index: the state of every experiment, trends with their change
// points, any two runs side by side. Pure: records in, files out. The pages need no server and
// fetch nothing from elsewhere: data are scripts that hand over JSON, which a browser loads from a
// folder as well (it would not let a page read a .json file beside it).
#pragma once

#include "rig/run_index/run_record.h"
#include "rig/stats/changepoint.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rig {

struct DashboardOptions {
    std::size_t change_window = 200; // change points are looked for among the newest runs of a cell
    ChangePointOptions changes{};
    // With fewer runs no step can be significant: the rarest of all arrangements of n values is one
    // of C(n, n / 2), twice for two directions.
    std::size_t min_runs() const;
    DashboardOptions() {
        changes.min_effect = 0.005, changes.significance = 0.01;
    } // many series are looked at
};

// File name in the site -> content. "data/index.js" holds a row a run and what the filters need;
// "data/cell-<id>.js" all figures of a cell, whose id is made from what it is, so that a link to it
// lasts. All files name the site they belong to (`made`): a page does not mix two. `runs`: whole
// records, any order; all are in the list, in trends only those that ended with every proof held,
// and figures that are defined as the newest run's. `pages`: ids of runs that have a page of their
// own, runs/<id>.html. `made`: UTC, when.
std::map<std::string, std::string>
dashboard_data(const std::vector<RunRecord>& runs,
               const std::function<bool(const std::string& id)>& has_page, const std::string& made,
               const DashboardOptions& options = {});

// index.html around the script and the style of web/; text only.
std::string dashboard_page(std::string_view style);

} // namespace rig
