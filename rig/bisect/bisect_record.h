// SPDX-License-Identifier: GPL-2.0-or-later
// bisect.json, the log of a bisection: what was asked, each revision looked at, the answer. Written
// after every visit; with it a bisection goes on where it was interrupted, and its answer can be
// derived again without a boot.
#pragma once

#include "rig/bisect/bisect.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rig {

// What was asked: two bisections of which this is equal are the same.
struct BisectRequestRecord {
    std::string spec_file, spec_text; // relative to the project; as it was
    std::vector<SpecOverride> overrides;
    std::string arm, metric, unit; // "count" | "ns"
    std::string clock;             // "virtual" | "wall": as used
    unsigned vcpus = 0;
    std::uint64_t seed = 0;
    std::string repository, good, bad; // git: the repository and both commits
    std::string series;                // the folder, for people
    std::vector<std::pair<std::string, std::string>> patches; // name and SHA-256 of the text
    BisectOptions options;
    std::string program;    // SHA-256 of rig itself
    std::string good_image; // SHA-256 of the good end's kernel image: of source, enabling patches,
                            // fragments and compiler
    std::string machine;    // QEMU's and libvirt's version, the initramfs, under the wall clock the
                            // boot of the host
    bool same(const BisectRequestRecord& other) const;
};

struct BisectRecord {
    BisectRequestRecord request;
    std::vector<std::string> command; // that gives it again, relative to the project
    std::string started, ended;       // UTC; `ended` empty: interrupted, or still going on
    Bisection bisection;
};

// Round-trips exactly. Errors: FaultDomain::Host, "bisect.visits[3].outcome: what was found, want
// what".
nlohmann::json to_json(const BisectRecord& record);
Result<BisectRecord> bisect_record_from_json(const nlohmann::json& json);

// "bisect.json" in `folder`. FaultDomain::Spec if the folder holds none.
Result<BisectRecord> load_bisection(const std::filesystem::path& folder);
Status save_bisection(const std::filesystem::path& folder, const BisectRecord& record);
// The newest in `bisections` that asks the same and has not ended.
std::optional<std::filesystem::path> unfinished_bisection(const std::filesystem::path& bisections,
                                                          const BisectRequestRecord& request);

} // namespace rig
