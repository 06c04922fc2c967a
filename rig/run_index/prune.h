// SPDX-License-Identifier: GPL-2.0-or-later
// Which runs, or their boots only, to remove, and the removing. A run that has a writer is never
// removed, and the newest of each experiment only when that is asked for.
#pragma once

#include "rig/run_index/run_record.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct PruneOptions {
    std::optional<unsigned> keep; // of each experiment, this many of the newest stay
    std::optional<unsigned>
        older_than_days;     // only what started before that; with `keep`, both must hold
    bool boots_only = false; // consoles and perf's output go; run.json, samples and reports stay
    bool force = false;      // the newest of an experiment as well
};

struct PruneChoice {
    std::string id, experiment;
    bool remove = false;
    std::string why_kept; // what stands against it
};
// Pure. `runs` newest first, as Index::runs() gives them; `now` as RunRecord::started. One choice
// for each, in that order. FaultDomain::Spec if neither `keep` nor `older_than_days` is there.
Result<std::vector<PruneChoice>> choose_pruned(const std::vector<RunRecord>& runs,
                                               const PruneOptions& options, const std::string& now);

// Removes a run (or its boots/) by renaming it to a name that nothing takes for a run, under the
// run's lock, and then removing that. Returns the bytes freed. FaultDomain::Host: it has a writer,
// or cannot be removed.
Result<std::uintmax_t> remove_run(const std::filesystem::path& run, bool boots_only);
// What a removal that was cut short left in `results`.
std::vector<std::filesystem::path> trash_in(const std::filesystem::path& results);

} // namespace rig
