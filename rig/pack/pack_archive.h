// SPDX-License-Identifier: GPL-2.0-or-later
// The file format of a pack: a tar archive compressed with zstd, followed by a seal. The seal is a
// skippable zstd frame with the SHA-256 of everything before it, so that `tar --zstd -tf` reads a
// pack, and rig notices every changed byte.
//
// A pack comes from somebody else. The reader accepts regular files whose names are those of a
// pack, within limits, and hands over bytes: it opens no file and creates none. Errors are
// FaultDomain::Spec, in one line.
#pragma once

#include "rig/base/error.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

inline constexpr std::uint64_t kMostPackBytes = 1ull << 30;     // of a pack
inline constexpr std::uint64_t kMostUnpackedBytes = 4ull << 30; // of its members together
inline constexpr std::size_t kMostMembers = 20'000;

inline constexpr const char* kManifestMember = "manifest.json";
inline constexpr const char* kInitramfsMember = "initramfs";
// "kernels/ARM/image", "kernels/ARM/System.map"
std::string image_member(std::string_view arm);
std::string map_member(std::string_view arm);
// "patches/<SHA-256>.patch"
std::string patch_member(std::string_view sha256);
// The members of the run's folder: "run/run.json"
inline constexpr std::string_view kRunPrefix = "run/";

// The largest number of bytes that the member may have; 0 if a pack has no member of this name.
std::uint64_t most_bytes_of(std::string_view name);

struct PackMember {
    std::string name, content;
};

// The archive of these members in their order, the same bytes for the same members. Without a seal.
Result<std::string> archive_of(const std::vector<PackMember>& members);

// Calls `take` for each member, in order. An error of `take` ends the reading and is returned.
Status read_archive(std::string_view archive, const std::function<Status(PackMember)>& take);

std::string sealed(std::string archive);
// The archive, which is a part of `pack`. Fails if the seal is missing, or is of other bytes.
Result<std::string_view> unsealed(std::string_view pack);

} // namespace rig
