// SPDX-License-Identifier: GPL-2.0-or-later
// Chooses the cells that a night runs, their order, and those that do not fit into the budget.
// Pure.
//
// First come cells that never ran, then cells that changed since their last run, then the cells
// that ran longest ago. Within each group the order of the file applies. A cell without a verdict
// last night (because of a host fault) keeps the time of its last verdict, and so counts as old.
#pragma once

#include "rig/nightly/nightly_config.h"

#include <map>
#include <string>
#include <vector>

namespace rig {

// What the figures of a cell depend on, as identities that are only compared. Empty: unknown, which
// never counts as a change.
struct CellParts {
    std::string source; // "git:<commit>", "linux-source-6.12=6.12.117-1", "tarball:<sha256>"
    std::string kernel; // hash of its patches, fragments and options
    std::string text;   // hash of the experiment file
    std::string rig;    // hash of rig itself
    bool operator==(const CellParts&) const = default;
};

// Facts about an experiment file at the start of a night.
struct CellFacts {
    std::string experiment, text; // name and text of the experiment
    CellParts parts;
    std::string commit;  // commit of a followed tree
    std::string why_not; // why it cannot run; empty: it can
};

// What is stored about a cell from night to night (results/nightly/cells.json).
struct CellMemory {
    // UTC: when a night first had this cell. Steps before this are history.
    std::string first_seen;
    std::string last;     // UTC: start of its last run with a verdict; empty: never
    std::string last_run; // id of that run
    // Duration of the last run that was made in one go, with builds. Without such a run, at least
    // the guess.
    double seconds = 0;
    CellParts parts;     // parts of that run
    std::string changed; // UTC: first run with these parts
    // The last run that passed, with all validity checks, and its commit.
    std::string good_run, good;
};
using NightMemory = std::map<std::string, CellMemory>; // by name of the cell

// Names of the parts that differ, in words: "kernel source", "patches or configuration",
// "experiment file", "rig".
std::vector<std::string> changed_parts(const CellParts& before, const CellParts& after);

struct PlannedCell {
    std::size_t cell = 0; // index in NightConfig::cells
    std::string why; // "never ran", "changed: kernel source, rig", "last ran 2026-02-23T01:00:00Z"
    double seconds = 0;   // expected duration
    bool guessed = false; // `seconds` is first_run_minutes
};
// `parts`: one for each cell of the configuration.
std::vector<PlannedCell> plan_night(const NightConfig& config, const std::vector<CellParts>& parts,
                                    const NightMemory& memory);

// Why there is no time for a cell, or "". `spent`: seconds of this night so far, without
// interruptions.
std::string no_time_for(const PlannedCell& cell, double spent, unsigned budget_minutes);

// --since DATE: "" if the cell never ran, or if a part of it differs from what it was before
// `since` (UTC, compared as text); else the reason to leave it out. A change has the date of the
// first run that contained it. A change since the last run counts as of now.
std::string unchanged_since(const CellParts& parts, const CellMemory* memory,
                            const std::string& since);

// "3 h 05 min", "12 min", "40 s".
std::string duration_text(double seconds);

} // namespace rig
