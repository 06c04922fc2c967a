// SPDX-License-Identifier: GPL-2.0-or-later
// bisect.json, the log of a bisection: the request, each tested revision, and the answer. It is
// written after every visit. With it a bisection resumes after an interruption, and its answer can
// be derived again without a boot.
#pragma once

#include "rig/bisect/bisect.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rig {

// The request. Two bisections with equal requests are the same.
struct BisectRequestRecord {
    std::string spec_file, spec_text; // path relative to the project; text at that time
    std::vector<SpecOverride> overrides;
    std::string arm, metric, unit; // "count" | "ns" | "per_second"
    std::string clock;             // "virtual" | "wall": the clock that was used
    unsigned vcpus = 0;
    std::uint64_t seed = 0;
    std::string repository, good, bad; // git: the repository, and both commits in full
    std::string series;                // folder of the series, for people
    // Name of each patch, SHA-256 of its text.
    std::vector<std::pair<std::string, std::string>> patches;
    BisectOptions options;
    std::string program; // SHA-256 of rig itself
    // SHA-256 of the good end's kernel image. It depends on source, prerequisite patches, fragments
    // and compiler.
    std::string good_image;
    // Versions of QEMU and libvirt, the initramfs, and with the wall clock the boot of the host.
    std::string machine;
    bool same(const BisectRequestRecord& other) const;
};

struct BisectRecord {
    BisectRequestRecord request;
    std::vector<std::string> command; // command line that repeats it, relative to the project
    std::string started, ended;       // UTC; `ended` is empty while it runs, or if interrupted
    Bisection bisection;
};

// These round-trip exactly. Errors: FaultDomain::Host, "bisect.visits[3].outcome: what was found,
// want what".
nlohmann::json to_json(const BisectRecord& record);
Result<BisectRecord> bisect_record_from_json(const nlohmann::json& json);

// Reads "bisect.json" in `folder`. FaultDomain::Spec if it does not exist.
Result<BisectRecord> load_bisection(const std::filesystem::path& folder);
Status save_bisection(const std::filesystem::path& folder, const BisectRecord& record);
// The newest bisection in `bisections` with the same request that has not ended.
std::optional<std::filesystem::path> unfinished_bisection(const std::filesystem::path& bisections,
                                                          const BisectRequestRecord& request);

} // namespace rig
