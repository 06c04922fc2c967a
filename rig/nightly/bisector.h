// SPDX-License-Identifier: GPL-2.0-or-later
// The request of `rig nightly` for a bisection, and the answer. Plain data: the bisector is passed
// as a function. The real one is rig bisect over the commits between two nights.
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

// Asks which commit of (good, bad] made the step between the two. `good` is the side before the
// step and `bad` the side after it, in the order of history. It does not matter which of the two is
// better, so a fix is searched for in the same way.
struct BisectRequest {
    std::filesystem::path spec;          // the experiment file
    std::vector<SpecOverride> overrides; // overrides of the cell, without kernel.source
    std::filesystem::path repository;    // local git repository
    // `base`: as kernel.source.base, may be empty. `good`, `bad`: full commit ids.
    std::string base, good, bad;
    // Metric whose level stepped. Empty: the run's verdict (pass or fail) changed.
    std::string metric;
    // Arm in which it stepped. Empty: the baseline, or the verdict.
    std::string arm;
};

struct BisectFinding {
    // "<sha12> subject", or names of patches. A single one is the answer.
    std::vector<std::string> candidates;
    std::string text; // for people: the steps, the figures
    bool found = false;
    std::string why_not; // one line, if not found
    std::filesystem::path log;
};

// After a FaultDomain::Host error, another attempt in another night makes sense; after any other
// error it does not.
using Bisector = std::function<Result<BisectFinding>(const BisectRequest&)>;

// Of the options, `results`, `parallel`, `disk_budget` and `warn` are used. `environment` must
// outlive the result.
Bisector nightly_bisector(ExperimentOptions options, const Environment& environment,
                          std::function<void(const std::string&)> say, std::stop_token stop);

// The result of a bisection in the form that an incident stores.
BisectFinding finding_of(const BisectRecord& record, const std::filesystem::path& folder);

} // namespace rig
