// SPDX-License-Identifier: GPL-2.0-or-later
// Which cells a night runs, in which order, and which not for want of time. Pure.
//
// First what never ran, then what changed since its last run, then what is stalest; within each the
// order of the file. A cell that did not come to a verdict last night (a fault of the host) keeps
// the time of the verdict before, and so is stale.
#pragma once

#include "rig/nightly/nightly_config.h"

#include <map>
#include <string>
#include <vector>

namespace rig {

// What a cell's figures depend on: identities, compared and not looked into. Empty: not known,
// which is never a change.
struct CellParts {
    std::string source; // "git:<commit>", "linux-source-6.12=6.12.117-1", "tarball:<sha256>"
    std::string kernel; // of the texts of its patches, fragments and options
    std::string text;   // of the experiment file
    std::string rig;    // of rig itself
    bool operator==(const CellParts&) const = default;
};

// What a night sees of an experiment file when it begins.
struct CellFacts {
    std::string experiment, text; // its name and text
    CellParts parts;
    std::string commit;  // of a followed tree
    std::string why_not; // why it cannot be run; empty: it can
};

// What is kept of a cell from night to night (results/nightly/cells.json).
struct CellMemory {
    std::string first_seen; // UTC: when a night first had this cell; steps before it are history
    std::string last;       // UTC: start of its last run with a verdict; empty: never
    std::string last_run;   // its id
    double seconds = 0;  // what its last run that was made in one go took, with builds; of one that
                         // never was, at least what was guessed
    CellParts parts;     // of that run
    std::string changed; // UTC: of the first run with parts as these
    std::string good_run,
        good; // the last run that was as expected with all proofs held, and its commit
};
using NightMemory = std::map<std::string, CellMemory>; // by cell

// Names of the parts that differ, in words: "kernel source", "patches or configuration",
// "experiment file", "rig".
std::vector<std::string> changed_parts(const CellParts& before, const CellParts& after);

struct PlannedCell {
    std::size_t cell = 0; // index in NightConfig::cells
    std::string why; // "never ran", "changed: kernel source, rig", "last ran 2026-02-23T01:00:00Z"
    double seconds = 0;   // expected
    bool guessed = false; // by first_run_minutes
};
// `parts`: one for each cell of the configuration.
std::vector<PlannedCell> plan_night(const NightConfig& config, const std::vector<CellParts>& parts,
                                    const NightMemory& memory);

// Why there is no time for it: "" if there is. `spent`: seconds of this night so far, interruptions
// not counted.
std::string no_time_for(const PlannedCell& cell, double spent, unsigned budget_minutes);

// --since DATE: "" if the cell never ran, or any of its parts is another than before `since` (UTC,
// compared as text); else why not. A change is dated with the first run that had it; what changed
// since the last run is of now.
std::string unchanged_since(const CellParts& parts, const CellMemory* memory,
                            const std::string& since);

// "3 h 05 min", "12 min", "40 s".
std::string duration_text(double seconds);

} // namespace rig
