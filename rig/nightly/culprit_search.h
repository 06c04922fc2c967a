// SPDX-License-Identifier: GPL-2.0-or-later
// Searches for the commits behind a night's incidents. Each cause and each fix that is still to be
// found is searched for once a night, while there is budget.
#pragma once

#include "rig/base/error.h"
#include "rig/nightly/bisector.h"
#include "rig/nightly/incidents.h"
#include "rig/nightly/night_state.h"
#include "rig/nightly/nightly_config.h"
#include "rig/nightly/nightly_plan.h"
#include "rig/run_index/run_record.h"

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace rig {

// Attempts for one culprit, at most one a night. From the second one on, the range is one run wider
// on both sides.
inline constexpr unsigned kSearchAttempts = 3;

// What the searches need from the night. All references must outlive them.
struct CulpritSearchNeeds {
    const NightConfig& config;
    const std::vector<CellFacts>& facts; // one for each cell of the configuration
    IncidentBook& book;                  // its incidents get the answers
    Night& night;                        // the time of the searches is added to `spent`
    std::stop_token stop;
    // Whole records, in any order.
    std::function<Result<std::vector<RunRecord>>(const std::string& experiment)> history;
    Bisector bisect;
    std::function<std::chrono::system_clock::time_point()> now;
    std::function<Status()> fail_if_stopped; // an error ends the night
    std::function<Status()> save;            // saves book, night and memory
    std::function<void(const std::string&)> warn, note;
};

class CulpritSearch {
 public:
    explicit CulpritSearch(CulpritSearchNeeds needs) : needs_(std::move(needs)) {}

    // Makes the searches that are wanted now and were not made tonight. Errors: host faults that
    // end the night. If a search finds nothing, its incident has the reason.
    Status run();

 private:
    Result<BisectFinding> ask(const NightCell& cell, const BisectRequest& request);
    Status search(const NightCell& cell, const CellFacts& facts, Incident& incident,
                  Culprit& culprit);

    CulpritSearchNeeds needs_;
    // Searched tonight: id of the incident; true: its fix, false: its cause.
    std::set<std::pair<unsigned, bool>> searched_;
    std::map<std::tuple<std::string, std::string, std::string, std::string, std::string>,
             BisectFinding>
        found_; // answers of tonight, by request
};

} // namespace rig
