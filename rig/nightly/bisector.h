// SPDX-License-Identifier: GPL-2.0-or-later
// What `rig nightly` asks of a bisection, and what it gets back. Plain data: the bisector is handed
// in as a function. The real one is rig bisect over the commits between two nights.
#pragma once

#include "rig/base/error.h"
#include "rig/bisect/bisect_record.h"
#include "rig/experiment/experiment.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace rig {

// Which commit of (good, bad] made the step that was seen between the two? `good` is the side
// before the step and `bad` the one after it, in the order of history; which of the two is better
// is not asked, so that a fix is looked for in the same way.
struct BisectRequest {
    std::filesystem::path spec;          // the experiment
    std::vector<SpecOverride> overrides; // of the cell, without kernel.source
    std::filesystem::path repository;    // local git repository
    std::string base, good, bad; // base: as kernel.source.base, may be empty; full commit ids
    std::string metric; // whose level stepped; empty: the run's verdict (as expected or broken) did
    std::string arm;    // in which it did; empty: the baseline, or the verdict
};

struct BisectFinding {
    std::vector<std::string>
        candidates;   // "<sha12> subject", or names of patches; one: named exactly
    std::string text; // for people: the steps, the figures
    bool found = false;
    std::string why_not; // one line, if not found
    std::filesystem::path log;
};

// Errors with FaultDomain::Host are worth another try on another night; all others are not.
using Bisector = std::function<Result<BisectFinding>(const BisectRequest&)>;

// Of the options results, parallel, disk_budget and warn are used. `environment` must outlive it.
Bisector nightly_bisector(ExperimentOptions options, const Environment& environment,
                          std::function<void(const std::string&)> say, std::stop_token stop);

// What a bisection found, for an incident.
BisectFinding finding_of(const BisectRecord& record, const std::filesystem::path& folder);

} // namespace rig
