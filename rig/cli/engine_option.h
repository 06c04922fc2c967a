// SPDX-License-Identifier: GPL-2.0-or-later
// --engine and what belongs to it, from the command line to an engine.
#pragma once

#include "rig/cli/command.h"
#include "rig/experiment/engine.h"

#include <memory>
#include <string>

namespace rig {

struct EngineOptions {
    std::string engine = "local", partition, slurm_args;
};

// None for "local". `artefacts` is the cache's folder, absolute; `runner` as SlurmEngine wants it.
// FaultDomain::Spec for options that do not go together: those of Slurm without it, and guests that
// libvirt is to run.
Result<std::unique_ptr<Engine>>
choose_engine(const EngineOptions& line, const CommandOptions& compare, const CommonOptions& common,
              const std::filesystem::path& artefacts, bool through_libvirt, CommandRunner& runner);

} // namespace rig
