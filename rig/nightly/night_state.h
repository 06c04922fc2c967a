// SPDX-License-Identifier: GPL-2.0-or-later
// The files that a night leaves under results/nightly/: <night>/night.json, cells.json
// (NightMemory) and incidents.json (IncidentBook). Each is replaced as a whole. They are written in
// this order: incidents, night, memory of the cells. So if a killed rig repeats a step, it finds in
// the incidents that the step was done.
#pragma once

#include "rig/base/error.h"
#include "rig/nightly/incidents.h"
#include "rig/nightly/nightly_plan.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rig {

// A re-run that checks whether a regression, a step or a fix is still there.
struct Confirmation {
    // "target_latency rose", "target_latency fell", "sync_ipis in reviewed" (it failed), "sync_ipis
    // in reviewed holds again".
    std::string what;
    std::string outcome; // "confirmed" | "not confirmed" | "host fault"
    std::string why;     // reason, unless confirmed
    std::string run;
};

// One cell tonight.
struct CellResult {
    std::string cell, tree;
    // "planned" | "ran" (not examined yet) | "done" | "host fault" | "not run" (no time) | "left
    // out" (by --since) | "no run" (the experiment cannot be run)
    std::string state = "planned";
    std::string why;    // why it ran or did not run, or the fault
    std::string commit; // commit of a followed tree
    CellParts parts;
    double expected = 0; // seconds
    bool guessed = false;
    unsigned attempts = 0;
    // Of the run: its id (empty: no run), RunRecord::verdict() and closing line.
    std::string run, verdict, closing;
    // All attempts at the run, without re-runs. For an attempt in which rig was killed, a guess of
    // at most `expected`.
    double seconds = 0;
    // UTC: start of the run or re-run in progress. If rig is killed, it stays in the file.
    std::string began;
    bool resumed = false; // an older run was resumed: `seconds` is not its whole duration
    std::vector<Confirmation> confirmations = {};
};

struct Night {
    std::string id, config, config_sha256, since;
    std::string started, ended, ended_why; // in UTC: `started`, `ended`
    // Seconds of runs and searches, without interruptions.
    double spent = 0;
    std::vector<CellResult> cells; // in the order in which they run
    Exit exit(const IncidentBook& book) const;
};

inline constexpr const char* kNightFolder = "nightly"; // folder in the results

std::string night_json(const Night& night);
// FaultDomain::Host with the name of `file` if it is not a night, or one of a newer rig.
Result<Night> night_from_json(std::string_view text, const std::filesystem::path& file);
std::string memory_json(const NightMemory& memory);
Result<NightMemory> memory_from_json(std::string_view text, const std::filesystem::path& file);

// For people, at most 100 columns: the cells, unconfirmed findings, incidents that are open or
// changed tonight, and the exit code in words.
std::string night_text(const Night& night, const IncidentBook& book, bool colour);
// For Prometheus (export/prometheus.h): the night's cells, verdicts, durations, and how many
// incidents are open.
std::string night_metrics(const Night& night, const IncidentBook& book);
// For programs: night.json, with the incidents and the exit code.
std::string night_report_json(const Night& night, const IncidentBook& book);

} // namespace rig
