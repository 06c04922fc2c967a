// SPDX-License-Identifier: GPL-2.0-or-later
// Revisions of a history on real kernels: BisectEnvironment for experiments. Each visit's runs lie
// in <folder>/runs, the patches of a revision in <folder>/revisions/<id> as a series; both are
// self-describing.
#pragma once

#include "rig/bisect/bisect.h"
#include "rig/bisect/bisect_history.h"
#include "rig/experiment/environment.h"
#include "rig/experiment/experiment.h"

#include <filesystem>

namespace rig {

struct BisectPlace {
    const Spec& spec; // as it was read
    const Arm& arm;   // of it: where revisions start
    std::string metric;
    std::filesystem::path folder;          // of this bisection
    const SeriesHistory* series = nullptr; // one of the two
    const GitHistory* git = nullptr;
    std::filesystem::path repository; // git: the user's, and
    std::string base; // the revision whose tree all others are patches on; empty: the good end
    ExperimentOptions options; // `results` is not used
};

// The experiment that measures these revisions, as it is read from the file and the overrides;
// `boots` 0: as the file says.
Result<Spec> revision_spec(const BisectPlace& place, const std::vector<Revision>& revisions,
                           unsigned boots, unsigned batch);

// `save` is the caller's to set. Everything must outlive what is returned.
BisectEnvironment real_world(const BisectPlace& place, const Environment& environment,
                             std::stop_token stop);

} // namespace rig
