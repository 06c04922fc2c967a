// SPDX-License-Identifier: GPL-2.0-or-later
// The loop over planned boots: read this first.
//
//   spec -> kernels (cached) -> image -> static facts -> schedule -> boots -> samples on disk ->
//   proofs -> verdict -> report
//
// FaultDomain decides what happens to a boot that is no sample:
//   Host    retried in its place with its seed, kHostRetries times (experiment/boot_loop.h), then
//   the run stops: exit 3 Guest   the run stops: nothing was tested, exit 4 Kernel  the run stops:
//   the arm broke, exit 1
// Under the virtual clock boots do not disturb one another's figures, so as many run side by side
// as the host's CPUs and memory hold; under the wall clock they run one at a time, or as many as
// were asked for on CPUs of their own (cpu_allocation.h). An engine (engine.h) makes boots
// elsewhere; what becomes of each is decided by BootLoop all the same.
#pragma once

#include "rig/base/error.h"
#include "rig/experiment/environment.h"
#include "rig/report/report.h"
#include "rig/spec/spec.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace rig {

inline constexpr std::uintmax_t kDiskBudget = 8ull << 30;

struct ExperimentOptions {
    std::filesystem::path results;    // folder that holds runs
    unsigned parallel = 0;            // boots at once, see CpuAllocationWish
    std::vector<std::string> command; // what reproduces the run
    bool fresh = false;               // do not go on with an interrupted run
    std::uintmax_t disk_budget =
        kDiskBudget; // bytes of the run's folder: no boot is begun beyond it
    std::function<void(const std::string&)> warn =
        {}; // told what is worth knowing and no reason to fail
};

struct ExperimentResult {
    ReportInput report;
    std::filesystem::path dir;
};

// Goes on with the same run where one was interrupted or met a fault of the host
// (RunInfo::same_run): its boots are kept, and only those it lacks are made. A run that the kernel
// or the guest ended is over: to boot until nothing panics would flatter. A run is indexed when it
// is over, however it ended (index_folder.h); that it cannot be is a warning.
Result<ExperimentResult> run_experiment(const Spec& spec, const Environment& environment,
                                        const ExperimentOptions& options, std::stop_token stop);

} // namespace rig
