// SPDX-License-Identifier: GPL-2.0-or-later
// Who builds what an experiment boots, and makes its boots, in the place of this process: a cluster
// (slurm_engine.h). Whether a boot is a sample, is made again or ends the run stays with the loop
// in experiment/boot_loop.cc, as does everything that is written to a run.
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
    std::filesystem::path evidence{}; // folder with what it left behind, on the file system of the
                                      // results, to be moved; empty: none
};

class Engine {
 public:
    virtual ~Engine() = default;

    // What on_result() says of a boot: it is done, or to be made again. An error ends the run.
    enum class Disposition { Done, Retry };
    using OnResult = std::function<Result<Disposition>(const PlannedBoot&, BootResult)>;

    // prepare() of experiment/prepare.h for all arms; may already begin with the boots.
    // FaultDomain::Spec where the experiment asks for what the engine cannot give.
    virtual Result<Prepared> prepare(const Spec& spec, const Environment& environment,
                                     std::stop_token stop) = 0;
    // The clock that guest.clock = "auto" becomes, and the reason.
    virtual ChosenMachine automatic() const = 0;
    // Makes the boots, each until `on_result` says that it is done, and calls that on this thread
    // only. `run` is what the boots must agree with: kernels, initramfs, programs. When it returns
    // nothing of them runs any more, whatever it returns. On a stop: no error, what is made by then
    // has been taken.
    virtual Status boot(const std::vector<const PlannedBoot*>& boots, const RunInfo& run,
                        const OnResult& on_result, const Environment& environment,
                        std::stop_token stop) = 0;
};

} // namespace rig
