// SPDX-License-Identifier: GPL-2.0-or-later
// Chooses and removes old runs, or only their boots. A run that has a writer is never removed. The
// newest complete run of each experiment and set-up, and newer incomplete ones, are removed only if
// `force` is set.
#pragma once

#include "rig/run_index/run_record.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct PruneOptions {
    // This many of the newest complete runs of each experiment and set-up stay.
    std::optional<unsigned> keep;
    // Remove only runs that started earlier; with `keep`, both conditions must hold.
    std::optional<unsigned> older_than_days;
    // Remove only consoles and perf's output; keep run.json, samples and reports.
    bool boots_only = false;
    bool force = false; // remove the newest run of an experiment and set-up too
};

struct PruneChoice {
    std::string id, experiment;
    bool remove = false;
    std::string why_kept; // the reason to keep it
};
// Returns one choice per run, in the order of `runs`. Pure. `runs` must be sorted newest first, as
// by Index::runs(); `now` has the format of RunRecord::started. FaultDomain::Spec if neither `keep`
// nor `older_than_days` is set.
Result<std::vector<PruneChoice>> choose_pruned(const std::vector<RunRecord>& runs,
                                               const PruneOptions& options, const std::string& now);

// Removes a run (or its boots/): under the run's lock renames it to a name that no code takes for a
// run, then deletes that. Returns the bytes freed. FaultDomain::Host if the run has a writer or
// cannot be removed.
Result<std::uintmax_t> remove_run(const std::filesystem::path& run, bool boots_only);
// What interrupted removals left in `results`.
std::vector<std::filesystem::path> trash_in(const std::filesystem::path& results);

} // namespace rig
