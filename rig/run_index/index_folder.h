// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the index up to date with the run folders in `results`.
#pragma once

#include "rig/run_index/index.h"

#include <filesystem>
#include <stop_token>
#include <string>

namespace rig {

// A fingerprint of what a record is made from: times and sizes of run.json, samples.jsonl,
// report.json and boots/. If it has changed, the run must be read again.
std::string fingerprint_of(const std::filesystem::path& run);

struct IndexChange {
    std::size_t runs = 0;                            // in the index now
    std::size_t added = 0, changed = 0, dropped = 0; // dropped: the folder is gone
    std::size_t not_recomputed = 0;                  // of those added and changed
};

// Which runs are read again although nothing in their folder changed.
enum class Retry {
    No, // runs that have not ended, if they got or lost their writer
    // Also runs that could not be judged: files that their experiment names may be back.
    NotRecomputed,
};

// Adds new and changed runs and drops those that are gone. Reads runs on all CPUs and writes them
// in batches. What was written before an interruption (FaultDomain::Host) remains.
Result<IndexChange> refresh_index(Index& index, const std::filesystem::path& results, Retry retry,
                                  Progress& progress, std::stop_token stop);

// Builds a new index of all runs and, when it is complete, renames it over the old one, whatever
// state that is in. FaultDomain::Host if another rig is rebuilding, or has the old index open for
// long.
Result<IndexChange> rebuild_index(const std::filesystem::path& results, Progress& progress,
                                  std::stop_token stop);

// Adds one run that has just ended.
Status index_run(const std::filesystem::path& run);

} // namespace rig
