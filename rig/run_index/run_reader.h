// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a run's folder and makes its report and its record. Writes nothing.
#pragma once

#include "rig/report/report.h"
#include "rig/results/run_store.h"
#include "rig/run_index/run_record.h"

#include <filesystem>
#include <string_view>

namespace rig {

// The experiment of a run, as it was run. Needs only the run's folder, at any place.
Result<Spec> spec_of_run(const LoadedRun& run);
// Made from the raw samples. `run_dir` of the result is run.dir as given.
Result<ReportInput> report_of(const LoadedRun& run);

// RunRecord::state for a run with these values in run.json.
const char* state_of(std::string_view failure, std::string_view ended, bool has_writer);

// Never fails. A run that can no longer be judged is recorded with the contents of run.json and
// report.json, `recomputed` false and the reason. If run.json is no JSON, the record has only the
// ID and the reason.
RunRecord read_record(const std::filesystem::path& dir);

// The folders in `results` that have a run (run.json), by name, oldest first. Ignores names that
// begin with a dot.
std::vector<std::filesystem::path> run_folders(const std::filesystem::path& results);

// Resolves RUN of a command line to a folder. RUN is a folder, a run ID, an unambiguous prefix of
// one, or "latest" (the run that started last). FaultDomain::Spec, with the closest candidates, if
// there is no match or more than one.
Result<std::filesystem::path> find_run(const std::filesystem::path& results,
                                       const std::string& text);

} // namespace rig
