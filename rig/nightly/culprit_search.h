// SPDX-License-Identifier: GPL-2.0-or-later
// Searches for the commits behind a night's incidents: each cause and each fix that is wanted, once
// a night, while the budget lasts.
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

inline constexpr unsigned kSearchAttempts = 3; // for one culprit, over as many nights; each but the
                                               // first looks one run further on both sides

// What the searches need of the night. Everything must outlive them.
struct CulpritSearchNeeds {
    const NightConfig& config;
    const std::vector<CellFacts>& facts; // one for each cell of the configuration
    IncidentBook& book;                  // whose incidents get the answers
    Night& night;                        // `spent` grows by the searches' time
    std::stop_token stop;
    std::function<Result<std::vector<RunRecord>>(const std::string& experiment)>
        history; // whole records, any order
    Bisector bisect;
    std::function<std::chrono::system_clock::time_point()> now;
    std::function<Status()> fail_if_stopped; // an error ends the night
    std::function<Status()> save;            // book, night and memory
    std::function<void(const std::string&)> warn, note;
};

class CulpritSearch {
 public:
    explicit CulpritSearch(CulpritSearchNeeds needs) : needs_(std::move(needs)) {}

    // Makes the searches that are wanted now and were not made tonight. Errors: the host's, that
    // end the night. What a search cannot find is told in its incident.
    Status run();

 private:
    Result<BisectFinding> ask(const NightCell& cell, const BisectRequest& request);
    Status search(const NightCell& cell, const CellFacts& facts, Incident& incident,
                  Culprit& culprit);

    CulpritSearchNeeds needs_;
    std::set<std::pair<unsigned, bool>> searched_; // tonight: an incident's cause or fix
    std::map<std::tuple<std::string, std::string, std::string, std::string, std::string>,
             BisectFinding>
        found_; // tonight
};

} // namespace rig
