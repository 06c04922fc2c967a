// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the index and the folders of `results` the same.
#pragma once

#include "rig/run_index/index.h"

#include <filesystem>
#include <stop_token>
#include <string>

namespace rig {

// What a record was made of: times and sizes of run.json, samples.jsonl, report.json and boots/.
// Another mark: to be read again.
std::string fingerprint_of(const std::filesystem::path& run);

struct IndexChange {
    std::size_t runs = 0;                            // in the index now
    std::size_t added = 0, changed = 0, dropped = 0; // dropped: the folder is gone
    std::size_t not_recomputed = 0;                  // of those added and changed
};

// Which runs are read again although nothing in their folder changed.
enum class Retry {
    No,            // those that have not ended, if they got or lost their writer
    NotRecomputed, // those as well that could not be judged: the files that their experiment names
                   // may be back
};

// Adds what is new or changed, drops what is gone. Runs are read on all CPUs, written some at a
// time: what was written before an interruption (FaultDomain::Host) stays.
Result<IndexChange> refresh_index(Index& index, const std::filesystem::path& results, Retry retry,
                                  Progress& progress, std::stop_token stop);

// A new index of all runs beside the old one, renamed over it once it is complete; whatever the old
// one was. FaultDomain::Host if another rig is at it, or has the old one open for long.
Result<IndexChange> rebuild_index(const std::filesystem::path& results, Progress& progress,
                                  std::stop_token stop);

// One run that ended just now.
Status index_run(const std::filesystem::path& run);

} // namespace rig
