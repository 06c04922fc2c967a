// SPDX-License-Identifier: GPL-2.0-or-later
// The loop over planned boots. Read this file first.
//
//   spec -> kernels (cached) -> initramfs -> static facts -> schedule -> boots
//        -> samples on disk -> validity checks -> verdict -> report
//
// The fault domain of a failed boot decides what happens next:
//   Host    the boot is retried with its seed, kHostRetries times (experiment/boot_loop.h);
//           then the run stops: exit 3
//   Guest   the run stops, because nothing was tested: exit 4
//   Kernel  the run stops, because the arm's kernel failed: exit 1
//
// Under the virtual clock concurrent boots do not change each other's figures, so rig runs as many
// as fit into the host's CPUs and memory. Under the wall clock it runs one at a time, or the
// requested number, each on host CPUs of its own (cpu_allocation.h). An engine (engine.h) makes
// boots elsewhere; BootLoop still decides what happens with each result.
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
    std::filesystem::path results;    // folder that contains the runs
    unsigned parallel = 0;            // concurrent boots, see CpuAllocationWish
    std::vector<std::string> command; // command line that reproduces the run
    bool fresh = false;               // do not resume an interrupted run
    // Limit of the run's folder in bytes. No boot starts beyond it.
    std::uintmax_t disk_budget = kDiskBudget;
    // Called with warnings: worth knowing, but no reason to fail.
    std::function<void(const std::string&)> warn = {};
    bool profile = false; // profile every boot (profile/profile.h)
};

struct ExperimentResult {
    ReportInput report;
    std::filesystem::path dir;
};

// Runs an experiment, or resumes the same run (RunInfo::same_run) if it was interrupted or ended
// with a host fault. A resumed run keeps its boots and makes only the missing ones. A run that the
// kernel or the guest ended is not resumed: to boot until nothing panics would hide the panic.
// However a run ends, it is then added to the index (index_folder.h); a failure to do so is a
// warning.
Result<ExperimentResult> run_experiment(const Spec& spec, const Environment& environment,
                                        const ExperimentOptions& options, std::stop_token stop);

} // namespace rig
