// SPDX-License-Identifier: GPL-2.0-or-later
// A run's folder -> its report, and its record. Reads only.
#pragma once

#include "rig/report/report.h"
#include "rig/results/run_store.h"
#include "rig/run_index/run_record.h"

#include <filesystem>
#include <string_view>

namespace rig {

// The experiment of a run, as it was run. It needs nothing but the run's folder, wherever that
// lies.
Result<Spec> spec_of_run(const LoadedRun& run);
// From the raw samples, as they lie there; `run_dir` is run.dir as given.
Result<ReportInput> report_of(const LoadedRun& run);

// RunRecord::state of a run whose run.json says this.
const char* state_of(std::string_view failure, std::string_view ended, bool has_writer);

// Never fails: a run that cannot be judged any more is recorded with what run.json and report.json
// say, `recomputed` false and the reason; one whose run.json is no JSON with its id and the reason.
RunRecord read_record(const std::filesystem::path& dir);

// The folders of `results` that hold a run (run.json), by name, oldest first. Names that begin with
// a dot are not looked at.
std::vector<std::filesystem::path> run_folders(const std::filesystem::path& results);

// RUN of a command line -> its folder: a folder, a run id, an unambiguous beginning of one, or
// "latest" (the one that started last). FaultDomain::Spec, with the nearest candidates, if there is
// none or more than one.
Result<std::filesystem::path> find_run(const std::filesystem::path& results,
                                       const std::string& text);

} // namespace rig
