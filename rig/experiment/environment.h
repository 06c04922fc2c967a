// SPDX-License-Identifier: GPL-2.0-or-later
// The outside environment of an experiment: what it builds, boots and tells its progress with. The
// tests hand in another one.
#pragma once

#include "rig/base/progress.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/command_runner.h"
#include "rig/host/cpu_placement.h"
#include "rig/hypervisor/hypervisor.h"

namespace rig {

class Engine;

// Everything of the outside environment, wired in main.cc.
struct Environment {
    ArtifactCache& cache;
    CommandRunner& runner;
    Hypervisor& hypervisor;
    Progress& progress;
    HostShare host = {};
    Engine* engine =
        nullptr; // who builds and boots for a comparison (engine.h); none: this process
};

} // namespace rig
