// SPDX-License-Identifier: GPL-2.0-or-later
// Boots the boots of a pack again on this host, and compares their samples with the packed ones.
#pragma once

#include "rig/base/error.h"
#include "rig/experiment/environment.h"
#include "rig/pack/pack_file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace rig {

struct ReplayOptions {
    std::optional<unsigned> boots; // the first so many; nullopt: all
    unsigned parallel = 0;         // CpuAllocationWish::parallel
};

struct ReplayedBoot {
    std::string arm;
    unsigned index = 0;
    std::size_t bytes = 0;                // of the compared sample, in JSON
    std::string recorded_sha256, sha256;  // of these bytes
    std::string difference;               // where the sample differs; empty: the same bytes
    std::optional<bool> same_line_counts; // nullopt: not counted, or not in the pack
    bool same() const { return difference.empty() && same_line_counts.value_or(true); }
};

struct PackReplay {
    PackManifest manifest;
    std::uint64_t pack_bytes = 0;
    std::vector<std::string> notes; // for people: what differs and does not matter
    std::vector<ReplayedBoot> boots;
    bool same() const;
};

// Unpacks `file` into a private folder, which is gone on return. Nothing is booted if this host
// cannot give the same bytes: another QEMU or firmware, no TCG, a pack without kernels, or a
// command line or plan that this rig composes differently (FaultDomain::Host, all reasons in one
// message). FaultDomain::Spec: the pack is damaged, or no pack. A boot that fails is an error of
// its fault domain.
//
// Compared is the sample without `host`, which has times of the host's clock.
Result<PackReplay> replay_pack(const std::filesystem::path& file, const ReplayOptions& options,
                               const Environment& environment, std::stop_token stop);

} // namespace rig
