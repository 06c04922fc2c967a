// SPDX-License-Identifier: GPL-2.0-or-later
// A static site over all runs in the index: the state of every experiment, trends with change
// points, any two runs side by side. Pure: records in, files out. The pages need no server and load
// nothing from elsewhere. Data files are scripts that pass on JSON, since a browser that opens a
// page from a folder does not let it read a .json file.
#pragma once

#include "rig/run_index/run_record.h"
#include "rig/stats/changepoint.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rig {

struct DashboardOptions {
    // Change points are searched for among this many newest runs of a cell.
    std::size_t change_window = 200;
    ChangePointOptions changes{};
    // With fewer runs no step can be significant: the rarest arrangement of n values is one of C(n,
    // n / 2), and there are two directions.
    std::size_t min_runs() const;
    DashboardOptions() {
        changes.min_effect = 0.005, changes.significance = 0.01;
    } // strict limits, since many series are tested
};

// Returns file name in the site -> content. "data/index.js" has one row per run and the data of the
// filters. "data/cell-<id>.js" has all figures of a cell; the ID is derived from the cell's
// definition, so links to it stay valid. All files name the site that they belong to (`made`), so
// that a page does not mix two sites. `runs`: records with all details, in any order. All appear in
// the list; trends use only those that ended with all validity checks passed, and only figures with
// the same definition as in the newest run. `has_page`: whether the run with this ID has its own
// page, runs/<id>.html. `made`: UTC time.
std::map<std::string, std::string>
dashboard_data(const std::vector<RunRecord>& runs,
               const std::function<bool(const std::string& id)>& has_page, const std::string& made,
               const DashboardOptions& options = {});

// index.html with the style of web/; the script is a file of its own.
std::string dashboard_page(std::string_view style);

} // namespace rig
