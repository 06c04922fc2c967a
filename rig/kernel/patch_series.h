// SPDX-License-Identifier: GPL-2.0-or-later
// Quilt series: which patches, in which order, and what the files they touch look like afterwards.
// The pristine tree is only read: patches are applied to private copies of the files they name.
#pragma once

#include "rig/host/command_runner.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

struct Patch {
    std::filesystem::path file; // absolute
    std::string name;           // relative to the project
    std::string text;
};

// Patches of the folders in order. `top` is the project's. FaultDomain::Spec naming file:line for a
// missing patch.
Result<std::vector<Patch>> read_series(const std::vector<std::filesystem::path>& folders,
                                       const std::filesystem::path& top);

// A file of a tree. A link's content is its target.
struct TreeFile {
    enum class Kind { Plain, Program, Link };
    TreeFile(std::string text, Kind what = Kind::Plain) : content(std::move(text)), kind(what) {}
    TreeFile(std::string_view text) : content(text) {}
    TreeFile(const char* text) : content(text) {}
    std::string content;
    Kind kind = Kind::Plain;
    bool operator==(const TreeFile&) const = default;
};

// Links are not followed. nullopt if nothing has that name. FaultDomain::Host for anything but a
// file or a link, and if it cannot be read.
Result<std::optional<TreeFile>> read_tree_file(const std::filesystem::path& file);

// By rename: a hard link to the pristine tree is replaced, never written through. The new file has
// a new mtime, which is what tells make, and the content's kind, whatever was there.
Status put_file(const std::filesystem::path& file, const TreeFile& content);

// Relative path -> what it is afterwards; nullopt = the patches delete the file.
using Overlay = std::map<std::string, std::optional<TreeFile>>;

// `before`: files that are otherwise than in `tree` already.
// `git apply` applies the patches in `scratch` (an empty private folder) and says what they touch;
// what it would pass over is refused. FaultDomain::Spec: which patch, which hunk and line, which
// file; a file or link outside the tree; a submodule.
Result<Overlay> apply_patches(const std::vector<Patch>& patches, const std::filesystem::path& tree,
                              const std::filesystem::path& scratch, CommandRunner& runner,
                              const Overlay& before = {});

} // namespace rig
