// SPDX-License-Identifier: GPL-2.0-or-later
// `rig try`: from a series of patches to a comparison. It reads the series, finds the tree that it
// is for, derives the kernel options that compile the change, builds both kernels, finds the
// functions whose machine code differs, writes the experiment file, and runs it.
#pragma once

#include "rig/base/error.h"
#include "rig/derive/changed_functions.h"
#include "rig/derive/kernel_options.h"
#include "rig/derive/ways_to_function.h"
#include "rig/experiment/environment.h"
#include "rig/kernel/line_map.h"
#include "rig/series/import_series.h"
#include "rig/series/series_source.h"
#include "rig/spec/spec.h"
#include "rig/trial/trial_experiment.h"

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct TrialRequest {
    SeriesSource series;
    std::string name; // of the experiment; empty: from the series' title
    // The folder into which the experiment's own folder goes; empty: "rig-try".
    std::filesystem::path folder;
    // "linux-source-6.12", a git repository, or REPOSITORY:REVISION. Empty: that of a range or work
    // tree; else the kernel tree in the current folder; else kDefaultBase.
    std::string base;
    std::vector<std::filesystem::path> prerequisites; // quilt folders
    std::string run;                                  // a shell command
    std::string workload;                             // a shipped workload
    std::string fault, target;                        // functions
    std::string arch;
    std::vector<std::string> options; // "NAME=value"
    std::optional<unsigned> vcpus, boots, iterations;
    std::vector<std::string> not_worse;
};

inline constexpr const char* kDefaultBase = "linux-source-6.12";
// Changed functions whose calls and latencies become metrics, besides the target: each is two
// probes in every guest.
inline constexpr std::size_t kMostFunctions = 4;

// What was derived before anything is built.
struct TrialPlan {
    ImportedSeries series;
    std::filesystem::path folder; // of the experiment, and of all its files
    std::filesystem::path file;   // the experiment file, in `folder`
    TrialExperiment experiment;   // without target and functions
    DerivedOptions derived;
    std::vector<std::string> remarks; // one line each, for people
};

// Reads the series into `folder`/NAME/series, fetches the source, and derives the options.
// `shipped`: the folder with rig's own configs/. Errors: FaultDomain::Spec for what the user gave,
// FaultDomain::Host for tools, disk and network.
Result<TrialPlan> plan_trial(const TrialRequest& request, const std::filesystem::path& shipped,
                             const Environment& environment);
std::string plan_text(const TrialPlan& plan);
std::string plan_json(const TrialPlan& plan);

// What both kernels show.
struct TrialKernels {
    ChangedFunctions changed;
    CallGraph graph; // of the patched kernel
};

// Builds both kernels, completes the experiment and writes its file. Errors: FaultDomain::Spec if
// the base does not build, or if no changed function can be the target and none was named;
// FaultDomain::Kernel if the patches do not build, with the patch that breaks it;
// FaultDomain::Guest if no machine code differs.
Result<TrialKernels> build_trial(TrialPlan& plan, const Environment& environment);

// The functions that are changed or new, and not freed after boot.
std::vector<WantedFunction> wanted_functions(const ChangedFunctions& changed);

// One line for each changed function and object, for people.
std::string changed_text(const ChangedFunctions& changed);
// For a run in which no changed line ran: how to reach the changed functions, and what could be
// made to fail below them.
std::string ways_text(const TrialKernels& kernels);
// Likewise, whole, as an object {"system_calls": [{"system_call", "path"}, ...], "indirect",
// "workloads", "allocations", "missing"}.
nlohmann::json ways_json(const TrialKernels& kernels);
// {"experiment", "remarks", "changed_functions": [{"function", "object", "kind", "init",
// "only_numbers"}, ...], "only_data"}.
nlohmann::json trial_json(const TrialPlan& plan, const TrialKernels& kernels);

} // namespace rig
