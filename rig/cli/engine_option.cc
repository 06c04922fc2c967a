// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/engine_option.h"

#include "rig/slurm/slurm_engine.h"

#include <cstdlib>
#include <fmt/format.h>

namespace rig {

Result<std::unique_ptr<Engine>>
choose_engine(const EngineOptions& line, const CommandOptions& compare, const CommonOptions& common,
              const std::filesystem::path& artefacts, bool through_libvirt, CommandRunner& runner) {
    if (line.engine != "slurm") {
        for (const auto& [option, value] :
             {std::pair{"--slurm-partition", line.partition}, {"--slurm-args", line.slurm_args}})
            if (!value.empty())
                return fail(FaultDomain::Spec, fmt::format("{}: with --engine slurm only", option));
        return std::unique_ptr<Engine>();
    }
    if (through_libvirt)
        return fail(FaultDomain::Spec,
                    "--engine slurm: its guests are run by QEMU directly; want --connect none");
    RIG_TRY(extra, slurm_extra(line.slurm_args));
    // With these variables jobs would run in another cluster than squeue and scancel use, or squeue
    // would hide them.
    for (const char* variable :
         {"SLURM_CLUSTERS", "SBATCH_CLUSTERS", "SQUEUE_STATES", "SQUEUE_PARTITION",
          "SQUEUE_ACCOUNT", "SQUEUE_QOS", "SQUEUE_USERS"})
        if (const char* value = std::getenv(variable); value && *value)
            return fail(FaultDomain::Spec,
                        fmt::format("--engine slurm: ${} is '{}', with which rig "
                                    "cannot find all of its jobs; unset it",
                                    variable, value));
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot tell where rig's own file is: {}", error.message()));
    SlurmOptions options{{line.partition, extra},
                         std::filesystem::absolute(common.results),
                         {},
                         {},
                         compare.fresh,
                         common.warn};
    options.build_task = options.boot_task = {program.string(), "--cache", artefacts.string()};
    options.build_task.push_back("build-task");
    options.boot_task.insert(options.boot_task.end(), {"--quiet", "boot-task"});
    return std::unique_ptr<Engine>(
        std::make_unique<SlurmEngine>(std::move(options), SlurmClient(runner)));
}

} // namespace rig
