// SPDX-License-Identifier: GPL-2.0-or-later
// One whole bisection: reads the experiment, opens the history, resumes from the log, and writes
// the folder <results>/bisections/<id>. Used by the command line and by nightly runs. Errors are
// values.
#pragma once

#include "rig/bisect/bisect_record.h"
#include "rig/experiment/experiment.h"
#include "rig/spec/load_spec.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace rig {

struct BisectCommandOptions {
    std::filesystem::path spec;
    std::filesystem::path series;     // a quilt series; or, for git:
    std::string good, bad;            // two revisions
    std::filesystem::path repository; // repository of both; empty: that of kernel.source
    // Revision on whose tree the others are built as patches. Empty: the base of kernel.source,
    // else `good`.
    std::string base;
    std::string metric, arm; // empty arm: baseline
    std::optional<unsigned> boots, max_boots;
    double confidence = 0.95, min_effect = 0.005;
    bool no_spot_checks = false, fresh = false;
    std::filesystem::path log, resume; // folder of an earlier bisection
    Overrides overrides;
};

// Returns the record and the folder. `say`: called with one line for people at a time. Of the
// options, `results`, `parallel`, `disk_budget` and `warn` are used.
Result<std::pair<BisectRecord, std::filesystem::path>>
run_bisection(const BisectCommandOptions&, const ExperimentOptions&, const Environment&,
              const std::function<void(const std::string&)>& say, std::stop_token);

// Derives the answer again from the log alone, without any measurement. Fails if the log is not
// that of this history. `log`: the folder of a bisection.
Result<BisectRecord> replay_log(const std::filesystem::path& log, CommandRunner& runner);

} // namespace rig
