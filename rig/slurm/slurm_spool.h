// SPDX-License-Identifier: GPL-2.0-or-later
// The folder through which rig and its tasks on a cluster's nodes speak: <results>/.slurm/<id>/, on
// a file system that all share.
//
//   plan.json           the experiment, complete: what tasks read it from
//   prepared.json       kernels and initramfs, by the build's task; or
//   build-error.json    why there are none
//   lists/<n>           of the n-th array: the boots' places in the schedule, one a line; line i is
//   the task of index i making/<order>-*/   a boot on its way: its evidence done/<order>/       one
//   that came to its end: its evidence and its result. Got by renaming, so it is whole, and there
//   is one:
//                       a second attempt at a boot that is there cannot take its place
//   log/                stdout and stderr of tasks
//   lock                held by the rig that collects
//
// The id is a hash of the plan: the same command finds what it left when it was killed.
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
    RunInfo run; // what is known before anything is built: the experiment, its boots, rig itself
    std::filesystem::path top; // of the project, absolute

    std::string id() const; // 16 hex digits
};
// Under the virtual clock. `program` is rig's SHA-256.
SlurmPlan slurm_plan(const Spec& spec, const std::string& program);
// Is `run` one of this plan, as far as can be told before its kernels are there?
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
// In the folder of a boot that was made, beside what guest_boot.h leaves there:
inline constexpr const char* kResultFile =
    "slurm-result.json"; // until it is taken up: a sample has its place in the run
inline constexpr const char* kMakerFile = "slurm.json"; // who made it

// What tasks use besides the plan, and with what content.
struct SlurmPrepared {
    Prepared prepared;
    std::map<std::filesystem::path, std::string>
        sha256; // of the initramfs, and of each kernel's vmlinux and System.map
};

// Who made a boot: what must agree with the run's own.
struct SlurmProvenance {
    std::string program, qemu, kernel_sha256,
        image; // as RunInfo has them; the kernel that was booted, the initramfs's cache key
    std::string node, job; // "n1", "12_3"
    unsigned restarts = 0; // how often Slurm made the task again before
    bool operator==(const SlurmProvenance&) const = default;
};
struct SlurmResult {
    unsigned order = 0;
    SlurmProvenance maker;
    Result<Sample> sample;
};

// All round-trip exactly. FaultDomain::Host: "file: what was found, want what".
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
// Line `index` of a list. FaultDomain::Host: "FILE:LINE: what was found, want what".
Result<unsigned> order_of(const std::filesystem::path& list, unsigned index);

// Boots in done/, by order. Names that are no number are not looked at.
std::vector<unsigned> done_boots(const SlurmSpool& spool);

// "" if a boot made by `maker` is one of `run`, else how it differs.
std::string disagreement(const SlurmProvenance& maker, const RunInfo& run, const std::string& arm);

} // namespace rig
