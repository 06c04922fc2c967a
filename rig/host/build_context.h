// SPDX-License-Identifier: GPL-2.0-or-later
// What fetching and building an artefact needs: the cache, a runner of programs, and the progress.
#pragma once

#include "rig/base/progress.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/command_runner.h"

namespace rig {

struct BuildContext {
    ArtifactCache& cache;
    CommandRunner& runner;
    Progress& progress;
    unsigned jobs = 0; // make -j; 0 = number of CPUs
};

} // namespace rig
