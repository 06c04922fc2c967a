// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a pack and checks all of it: the seal, the manifest, and the name, size and SHA-256 of each
// member. Errors are FaultDomain::Spec, "FILE: ...", also for a file that is missing.
#pragma once

#include "rig/base/error.h"
#include "rig/pack/pack_archive.h"
#include "rig/pack/pack_manifest.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace rig {

// The members of an archive (without seal) as its manifest lists them: no other, none missing, all
// with their SHA-256. `take` gets each but the manifest. Pure.
Result<PackManifest> read_members(std::string_view archive,
                                  const std::function<Status(PackMember)>& take);

struct OpenedPack {
    PackManifest manifest;
    std::uint64_t bytes = 0; // of the file
};

// Whether the word of a command line is meant as a pack and not as a run: it names a file.
bool names_pack(const std::string& word);

// Reads the whole file and unpacks into `folder`, which must exist and be private: the run into
// folder/results/<run_id>/, as a run's folder, and everything else under the names of the members.
// With `run_only` only the run.
Result<OpenedPack> unpack(const std::filesystem::path& file, const std::filesystem::path& folder,
                          bool run_only);

} // namespace rig
