// SPDX-License-Identifier: GPL-2.0-or-later
// The folder results/<run-id>/; docs/reference/run-folder.md describes its format. A sample is on
// disk before the next boot starts, so a run that is killed can be resumed, or reported as it is.
//
// One writer per run: RunWriter holds an exclusive flock(2) on the file `lock`. Readers need no
// lock: all files except samples.jsonl are replaced atomically, and readers recognise a torn last
// line of samples.jsonl.
#pragma once

#include "rig/analysis/line_evidence.h"
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

// The name of a boot's folder within boots/: "0012-reviewed-3".
std::string boot_folder(const BootId& boot);

class RunWriter {
 public:
    // Makes <results>/<UTC yyyymmdd-hhmmss>-<experiment>[-N] with run.json, spec.toml and an empty
    // samples.jsonl. Ignores `info.run_id`. `now` is the start of the run.
    static Result<RunWriter> create(const std::filesystem::path& results,
                                    std::string_view experiment, RunInfo info,
                                    std::chrono::system_clock::time_point now);
    // Opens an existing run to add its missing boots. Truncates a torn last line. If the run has a
    // writer: FaultDomain::Host, with the writer's PID.
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
    // The samples that were there when the run was resumed.
    const std::vector<Sample>& found() const { return found_; }
    // Whether this boot's sample is already on disk.
    bool has(const BootId& boot) const { return done_.contains({boot.arm, boot.index}); }
    // Appends a sample, which is on disk (fsync) on return. If the boot already has a sample, that
    // is an error, since the boot would count twice.
    Status append(const Sample& sample);
    // Makes an empty folder boots/<order>-<arm>-<index>/ for the raw files of a boot. What a killed
    // boot left there is kept under another name next to it.
    Result<std::filesystem::path> boot_dir(const BootId& boot);
    Status save(const RunInfo& info); // writes run.json; keeps the run ID
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

// <run>/boots/<order>-<arm>-<index>: the raw files of a boot.
std::filesystem::path folder_of(const std::filesystem::path& run, const BootId& boot);

struct LoadedRun {
    std::filesystem::path dir;
    RunInfo info;
    std::vector<Sample> samples;       // in the order in which they were measured
    LineEvidence lines;                // of these samples
    std::vector<std::string> warnings; // "results/x/samples.jsonl:7: torn line ignored: ..."
};

// Loads what `rig report RUN` needs, with assemble(). Errors: FaultDomain::Host "file:line: what
// was found, want what"; FaultDomain::Spec if `dir` is no run.
Result<LoadedRun> load_run(const std::filesystem::path& dir);

} // namespace rig
