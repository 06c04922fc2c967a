// SPDX-License-Identifier: GPL-2.0-or-later
// Interface of whoever builds and boots instead of this process: a cluster (slurm_engine.h). The
// loop in experiment/boot_loop.cc still decides whether a boot is a sample, is retried or ends the
// run. It also writes everything that a run contains.
#pragma once

#include "rig/experiment/environment.h"
#include "rig/experiment/prepared.h"
#include "rig/guest_output/sample.h"
#include "rig/plan/schedule.h"
#include "rig/results/run_info.h"

#include <filesystem>
#include <functional>
#include <stop_token>
#include <vector>

namespace rig {

// One attempt at a boot, as measure_boot() would have returned it.
struct BootResult {
    Result<Sample> sample;
    // Folder with the evidence of the attempt, to be moved into the run. It is on the file system
    // of the results. Empty: no evidence.
    std::filesystem::path evidence{};
};

class Engine {
 public:
    virtual ~Engine() = default;

    // The result of on_result(): the boot is done, or must be retried. An error ends the run.
    enum class Disposition { Done, Retry };
    using OnResult = std::function<Result<Disposition>(const PlannedBoot&, BootResult)>;

    // Like prepare() of experiment/prepare.h for all arms. It may start boots already. Error:
    // FaultDomain::Spec if the experiment needs something that the engine does not support.
    virtual Result<Prepared> prepare(const Spec& spec, const Environment& environment,
                                     std::stop_token stop) = 0;
    // The clock that guest.clock = "auto" means with this engine, and the reason.
    virtual ChosenMachine automatic() const = 0;
    // Makes the boots, each until `on_result` returns Done. Calls `on_result` on the calling thread
    // only. `run` has the kernels, initramfs and programs that each boot must agree with. When the
    // function returns, with or without an error, no boot is running any more. On a stop request it
    // returns no error, and has already passed on every finished boot.
    virtual Status boot(const std::vector<const PlannedBoot*>& boots, const RunInfo& run,
                        const OnResult& on_result, const Environment& environment,
                        std::stop_token stop) = 0;
};

} // namespace rig
