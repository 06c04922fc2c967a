// SPDX-License-Identifier: GPL-2.0-or-later
// The external dependencies of an experiment: cache, programs, hypervisor, progress. Tests pass a
// fake one.
#pragma once

#include "rig/base/progress.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/command_runner.h"
#include "rig/host/cpu_placement.h"
#include "rig/hypervisor/hypervisor.h"

namespace rig {

class Engine;

// All external dependencies, wired in main.cc.
struct Environment {
    ArtifactCache& cache;
    CommandRunner& runner;
    Hypervisor& hypervisor;
    Progress& progress;
    HostShare host = {};
    // Builds and boots for a comparison (engine.h). nullptr: this process does.
    Engine* engine = nullptr;
};

} // namespace rig
