// SPDX-License-Identifier: GPL-2.0-or-later
// The folder through which rig and its tasks on the nodes communicate: <results>/.slurm/<id>/, on a
// file system that all of them share.
//
//   plan.json           the complete experiment, which tasks read
//   prepared.json       kernels and initramfs, written by the build task; or
//   build-error.json    why the build failed
//   lists/<n>           boots of array number n: their places in the schedule, one a line;
//                       the task with index i makes the boot in line i
//   making/<order>-*/   evidence of a boot in progress
//   done/<order>/       evidence and result of a finished boot. Made by rename(2), so it is
//                       complete and unique: a second attempt cannot replace it
//   log/                stdout and stderr of the tasks
//   lock                held by the rig that collects the results
//
// The id is a hash of the plan, so that the same command finds the spool of a rig that was killed.
#pragma once

#include "rig/experiment/prepared.h"
#include "rig/guest_output/sample.h"
#include "rig/results/run_info.h"

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct SlurmPlan {
    RunInfo run;               // all that is known before the build: experiment, boots, rig
    std::filesystem::path top; // top folder of the project, absolute

    std::string id() const; // 16 hex digits
};
// The plan, with the virtual clock. `program`: SHA-256 of rig.
SlurmPlan slurm_plan(const Spec& spec, const std::string& program);
// Whether `run` belongs to this plan, as far as that is known before the build.
bool is_of(const SlurmPlan& plan, const RunInfo& run);

struct SlurmSpool {
    std::filesystem::path dir;

    std::filesystem::path plan() const { return dir / "plan.json"; }
    std::filesystem::path prepared() const { return dir / "prepared.json"; }
    std::filesystem::path build_error() const { return dir / "build-error.json"; }
    std::filesystem::path list(unsigned n) const { return dir / "lists" / std::to_string(n); }
    std::filesystem::path making() const { return dir / "making"; }
    std::filesystem::path done() const { return dir / "done"; }
    std::filesystem::path done(unsigned order) const { return done() / std::to_string(order); }
    std::filesystem::path log() const { return dir / "log"; }
};
// Files in done/<order>/, in addition to those of guest_boot.h:
// The result. Removed when rig takes it, because the sample then is in the run.
inline constexpr const char* kResultFile = "slurm-result.json";
inline constexpr const char* kMakerFile = "slurm.json"; // who made the boot

// Files that tasks use besides the plan, with their checksums.
struct SlurmPrepared {
    Prepared prepared;
    // Of the initramfs, and of vmlinux and System.map of each kernel.
    std::map<std::filesystem::path, std::string> sha256;
};

// What made a boot: must agree with the run.
struct SlurmProvenance {
    // As in RunInfo. `kernel_sha256`: the image that was booted. `image`: cache key of the
    // initramfs.
    std::string program, qemu, kernel_sha256, image;
    std::string node, job; // "n1", "12_3"
    unsigned restarts = 0; // how often Slurm restarted the task before
    bool operator==(const SlurmProvenance&) const = default;
};
struct SlurmResult {
    unsigned order = 0;
    SlurmProvenance maker;
    Result<Sample> sample;
};

// All of these round-trip exactly. Errors: FaultDomain::Host, "file: what was found, want what".
nlohmann::json to_json(const SlurmPlan& plan);
nlohmann::json to_json(const SlurmPrepared& prepared);
nlohmann::json to_json(const SlurmProvenance& maker);
nlohmann::json to_json(const SlurmResult& result);
nlohmann::json to_json(const Error& error);
Result<SlurmPlan> load_slurm_plan(const std::filesystem::path& file);
Result<SlurmPrepared> load_slurm_prepared(const std::filesystem::path& file);
Result<SlurmResult> load_slurm_result(const std::filesystem::path& file);
Result<Error> load_slurm_error(const std::filesystem::path& file);

std::string list_text(const std::vector<unsigned>& orders);
// The boot in line `index` (from 0) of a list. FaultDomain::Host: "FILE:LINE: what was found, want
// what".
Result<unsigned> order_of(const std::filesystem::path& list, unsigned index);

// Boots in done/, by order. Ignores names that are not numbers.
std::vector<unsigned> done_boots(const SlurmSpool& spool);

// How a boot of `maker` disagrees with `run`, or "" if it agrees.
std::string disagreement(const SlurmProvenance& maker, const RunInfo& run, const std::string& arm);

} // namespace rig
