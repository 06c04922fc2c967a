// SPDX-License-Identifier: GPL-2.0-or-later
// results/<run-id>/ on disk; its format is described in docs/reference/run-folder.md. Raw samples
// first: a boot is on disk before the next one starts, and a run that is killed can be resumed or
// reported as it is.
//
// One writer per run: RunWriter holds an exclusive flock(2) on the file `lock`. Readers need none,
// since files other than samples.jsonl are replaced whole and a torn last line of that one is
// recognised.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/sample.h"
#include "rig/plan/schedule.h"
#include "rig/results/run_info.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

class RunWriter {
 public:
    // Makes <results>/<UTC yyyymmdd-hhmmss>-<experiment>[-N] with run.json, spec.toml and an empty
    // samples.jsonl. `info.run_id` is ignored. `now` is the start of the run.
    static Result<RunWriter> create(const std::filesystem::path& results,
                                    std::string_view experiment, RunInfo info,
                                    std::chrono::system_clock::time_point now);
    // Opens an existing run to add the boots it lacks. Cuts off a torn last line.
    // FaultDomain::Host, with its pid, if it has a writer.
    static Result<RunWriter> resume(const std::filesystem::path& dir);
    // resume() of the newest run in `results` that has not ended and is the same
    // (RunInfo::same_run); nullopt if there is none.
    static Result<std::optional<RunWriter>> resume_like(const std::filesystem::path& results,
                                                        std::string_view experiment,
                                                        const RunInfo& info);

    RunWriter(RunWriter&&) noexcept;
    RunWriter& operator=(RunWriter&&) noexcept;
    ~RunWriter();

    const std::filesystem::path& dir() const { return dir_; }
    const RunInfo& info() const { return info_; }
    // What was there when it was resumed.
    const std::vector<Sample>& found() const { return found_; }
    // Is this boot already on disk?
    bool has(const BootId& boot) const { return done_.contains({boot.arm, boot.index}); }
    // On disk (fsync) when it returns. A boot that is already there is an error: it would be
    // counted twice.
    Status append(const Sample& sample);
    // boots/<order>-<arm>-<index>/ for the raw artefacts of a boot about to be made: empty; what a
    // killed one left there is kept beside it.
    Result<std::filesystem::path> boot_dir(const BootId& boot);
    Status save(const RunInfo& info); // run.json; keeps the run id
    Status save_report(std::string_view text, std::string_view json);

 private:
    RunWriter() = default;
    Status open_files();
    std::filesystem::path dir_;
    RunInfo info_;
    std::vector<Sample> found_;
    std::set<std::pair<std::string, unsigned>> done_;
    int lock_ = -1, samples_ = -1;
};

struct LoadedRun {
    std::filesystem::path dir;
    RunInfo info;
    std::vector<Sample> samples;       // in the order they were measured
    std::vector<std::string> warnings; // "results/x/samples.jsonl:7: torn line ignored: ..."
};

// Everything `rig report RUN` needs, with assemble(). Errors: FaultDomain::Host "file:line: what
// was found, want what"; FaultDomain::Spec if `dir` is no run.
Result<LoadedRun> load_run(const std::filesystem::path& dir);

} // namespace rig
