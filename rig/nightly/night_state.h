// SPDX-License-Identifier: GPL-2.0-or-later
// What a night leaves on disk, under results/nightly/: <night>/night.json, cells.json (NightMemory)
// and incidents.json (IncidentBook). All three are replaced as a whole, and written in this order
// of trust: incidents first, then the night, then the cells' memory; what a killed rig did twice it
// then finds done.
#pragma once

#include "rig/base/error.h"
#include "rig/nightly/incidents.h"
#include "rig/nightly/nightly_plan.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rig {

// A run that was made to see whether a regression, a step or a fix is still there.
struct Confirmation {
    std::string what; // "target_latency rose", "target_latency fell", "sync_ipis in reviewed" (that
                      // failed), "sync_ipis in reviewed holds again"
    std::string outcome; // "confirmed" | "not confirmed" | "host fault"
    std::string why;     // of all but the first
    std::string run;
};

// One cell tonight.
struct CellResult {
    std::string cell, tree;
    // "planned" | "ran" (not looked at yet) | "done" | "host fault" | "not run" (no time) | "left
    // out" (by --since) | "no run" (the experiment cannot be made)
    std::string state = "planned";
    std::string why;    // why it was run, or why not, or the fault
    std::string commit; // of a followed tree
    CellParts parts;
    double expected = 0; // seconds
    bool guessed = false;
    unsigned attempts = 0;
    std::string run, verdict,
        closing;        // of the run: its id (empty: it left none), RunRecord::verdict()
    double seconds = 0; // of all attempts at it, without re-runs; where rig was killed, a guess of
                        // at most `expected`
    std::string began; // UTC: of the run or re-run that is being made; left behind by a rig that is
                       // killed meanwhile
    bool resumed = false; // the run was begun before: `seconds` is not what it takes
    std::vector<Confirmation> confirmations = {};
};

struct Night {
    std::string id, config, config_sha256, since;
    std::string started, ended, ended_why; // UTC
    double spent = 0; // seconds that runs and searches took; interruptions are not in it
    std::vector<CellResult> cells; // in the order in which they are run
    Exit exit(const IncidentBook& book) const;
};

inline constexpr const char* kNightFolder = "nightly"; // of the results

std::string night_json(const Night& night);
// FaultDomain::Host naming `file`, for what is no night or a newer rig's.
Result<Night> night_from_json(std::string_view text, const std::filesystem::path& file);
std::string memory_json(const NightMemory& memory);
Result<NightMemory> memory_from_json(std::string_view text, const std::filesystem::path& file);

// For people, at most 100 columns: the cells, what was not confirmed, the incidents that are open
// or changed tonight, the exit in words.
std::string night_text(const Night& night, const IncidentBook& book, bool colour);
// For programs: the night as night.json has it, with incidents and exit.
std::string night_report_json(const Night& night, const IncidentBook& book);

} // namespace rig
