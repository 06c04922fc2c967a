// `rig bisect` and `rig verdict`.
#pragma once

#include "rig/bisect_record.h"
#include "rig/commands.h"
#include "rig/experiment/world.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace rig {

struct BisectLine {
    std::filesystem::path spec;
    std::filesystem::path series;     // a quilt series, or
    std::string good, bad;            // revisions of
    std::filesystem::path repository; // this git repository; empty: kernel.source's
    std::string base;                 // on whose tree its revisions are built as patches; empty: the source's, else `good`
    std::string metric, arm;          // empty arm: the baseline
    std::optional<unsigned> boots, most_boots;
    double confidence = 0.95, least_effect = 0.005;
    bool no_look = false, fresh = false;
    std::filesystem::path log, resume; // the folder of a bisection
    Overrides overrides;
};

// `say`: one line for people while it goes on.
Result<CommandOutput> bisect_command(const BisectLine&, const CommonOptions&, const World&, const std::function<void(const std::string&)>& say,
                                     std::stop_token);

// The bisection of bisect_command without its text, for programs (nightly runs). The folder comes second.
Result<std::pair<BisectRecord, std::filesystem::path>> run_bisection(const BisectLine&, const CommonOptions&, const World&,
                                                                     const std::function<void(const std::string&)>& say, std::stop_token);

struct VerdictLine {
    std::string run; // find_run(), or an experiment file: it is run first
    bool git_bisect = false;
    Overrides overrides;
};
// The closing line of a run and its exit code; with git_bisect what `git bisect run` understands: 0 as expected, 1 a regression or a broken
// expectation, 125 (skip) for whatever says nothing of what is hunted: inconclusive, a kernel that does not build or panics, the host's fault; and
// 128 (stop) where no commit could be tested: an experiment that cannot be read, a run that is not there, an interrupt.
Result<CommandOutput> verdict_command(const VerdictLine&, const CommonOptions&, const World&, std::stop_token);

// 0, 1 or 125.
int git_bisect_code(Exit exit);

} // namespace rig
