// SPDX-License-Identifier: GPL-2.0-or-later
// Quilt series: which patches, in which order, and what the files they touch look like afterwards.
// The pristine tree is only read: patches are applied to private copies of the files they name.
#pragma once

#include "rig/host/command_runner.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct Patch {
    std::filesystem::path file; // absolute
    std::string name;           // relative to the project
    std::string text;
};

// Patches of the folders in order. `top` is the project's. Blame::Spec naming file:line for a
// missing patch.
Result<std::vector<Patch>> read_series(const std::vector<std::filesystem::path>& folders,
                                       const std::filesystem::path& top);

// Files a patch touches, as in its "--- a/x" and "+++ b/x" lines, without /dev/null. Blame::Spec
// for a path that leaves the tree.
Result<std::vector<std::string>> touched_files(const Patch& patch);

// Relative path -> new content; nullopt = the patches delete the file.
using Overlay = std::map<std::string, std::optional<std::string>>;

// `before`: files that are otherwise than in `tree` already.
// Applies the patches in `scratch` (an empty private folder). Blame::Spec: which patch, which hunk
// and line, which file.
Result<Overlay> apply_patches(const std::vector<Patch>& patches, const std::filesystem::path& tree,
                              const std::filesystem::path& scratch, CommandRunner& runner,
                              const Overlay& before = {});

} // namespace rig
