// SPDX-License-Identifier: GPL-2.0-or-later
// The BisectEnvironment for experiments: measures revisions on real kernels. The runs of each visit
// are in <folder>/runs. The patches of a revision are in <folder>/revisions/<id>, as a series.
#pragma once

#include "rig/bisect/bisect.h"
#include "rig/bisect/bisect_history.h"
#include "rig/experiment/environment.h"
#include "rig/experiment/experiment.h"

#include <filesystem>

namespace rig {

struct BisectPlace {
    const Spec& spec; // as it was read
    const Arm& arm;   // arm of it from which revisions start
    std::string metric;
    std::filesystem::path folder;          // folder of this bisection
    const SeriesHistory* series = nullptr; // either this or `git` is set
    const GitHistory* git = nullptr;
    std::filesystem::path repository; // git: repository of the user
    // Git: the revision on whose tree all others are patches. Empty: the good end.
    std::string base;
    ExperimentOptions options; // `results` is ignored
};

// The experiment that measures these revisions: the file with all overrides. `boots` 0: as the file
// says.
Result<Spec> revision_spec(const BisectPlace& place, const std::vector<Revision>& revisions,
                           unsigned boots, unsigned batch);

// The caller has to set `save`. All arguments must outlive the result.
BisectEnvironment real_world(const BisectPlace& place, const Environment& environment,
                             std::stop_token stop);

} // namespace rig
