// SPDX-License-Identifier: GPL-2.0-or-later
// Which program a page of user-space code belongs to, by its bytes: programs of a guest overlap in
// their addresses, and a plugin of QEMU cannot ask the guest's kernel who runs.
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

struct ProgramPages {
    std::vector<std::string> names; // paths in the guest: "/init", "/bin/perf"
    // Hash of a page (rig_profile_hash()) -> index into `names`, or kSharedPage; ascending, each
    // hash once.
    std::vector<std::pair<std::uint64_t, std::uint32_t>> pages;
};

// A page that several programs have tells nothing.
inline constexpr std::uint32_t kSharedPage = UINT32_MAX;

// Adds the pages that an ELF file's executable segments occupy, as the guest maps them. Returns
// false, and adds nothing, if `content` is no ELF file for a loader (a script, for example).
bool add_program(ProgramPages& pages, std::string name, std::string_view content);
// Sorts `pages` and marks those that several programs have. Call it once, last.
void finish(ProgramPages& pages);

// The pages of all programs and libraries in an initramfs (kernel/initramfs.h).
Result<ProgramPages> program_pages(const std::filesystem::path& initramfs);

} // namespace rig
