// SPDX-License-Identifier: GPL-2.0-or-later
// One whole bisection: it reads the experiment, opens the history, goes on with what is in the log,
// and writes the folder <results>/bisections/<id>. Programs (nightly runs) call it as the command
// line does. Errors are values.
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
    std::filesystem::path series;     // a quilt series, or
    std::string good, bad;            // revisions of
    std::filesystem::path repository; // this git repository; empty: kernel.source's
    std::string
        base; // on whose tree its revisions are built as patches; empty: the source's, else `good`
    std::string metric, arm; // empty arm: the baseline
    std::optional<unsigned> boots, max_boots;
    double confidence = 0.95, min_effect = 0.005;
    bool no_spot_checks = false, fresh = false;
    std::filesystem::path log, resume; // the folder of a bisection
    Overrides overrides;
};

// The folder comes second. `say`: one line for people while it goes on. Of the options results,
// parallel, disk_budget and warn are used.
Result<std::pair<BisectRecord, std::filesystem::path>>
run_bisection(const BisectCommandOptions&, const ExperimentOptions&, const Environment&,
              const std::function<void(const std::string&)>& say, std::stop_token);

// The same answer from the log alone: every visit comes from it, or the log is not that of this
// history. `log`: the folder of a bisection.
Result<BisectRecord> replay_log(const std::filesystem::path& log, CommandRunner& runner);

} // namespace rig
