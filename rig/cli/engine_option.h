// SPDX-License-Identifier: GPL-2.0-or-later
// Turns --engine and its options into an engine.
#pragma once

#include "rig/cli/command.h"
#include "rig/experiment/engine.h"

#include <memory>
#include <string>

namespace rig {

struct EngineOptions {
    std::string engine = "local", partition, slurm_args;
};

// nullptr for "local". `artefacts`: folder of the cache, absolute. `runner`: as for SlurmClient.
// FaultDomain::Spec for options that exclude each other: those of Slurm without --engine slurm, and
// --engine slurm with libvirt.
Result<std::unique_ptr<Engine>>
choose_engine(const EngineOptions& line, const CommandOptions& compare, const CommonOptions& common,
              const std::filesystem::path& artefacts, bool through_libvirt, CommandRunner& runner);

} // namespace rig
