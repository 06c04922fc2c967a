// SPDX-License-Identifier: GPL-2.0-or-later
// Quilt series: which patches they contain, in which order, and the result for the files that they
// touch. The pristine tree is only read: patches are applied to private copies of those files.
#pragma once

#include "rig/host/command_runner.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
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

// Reads the patches of the folders, in order. `top` is the project's. FaultDomain::Spec, with
// file:line, for a missing patch.
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

// Does not follow links. nullopt if the path does not exist. FaultDomain::Host for anything but a
// file or a link, and for one that cannot be read.
Result<std::optional<TreeFile>> read_tree_file(const std::filesystem::path& file);

// Writes by renaming: a hard link to the pristine tree is replaced, never written through. The new
// file has a new mtime, so that make notices it, and the kind of `content`, whatever was there
// before.
Status put_file(const std::filesystem::path& file, const TreeFile& content);

// What a patch changes, as git reads it.
struct PatchExtent {
    std::set<std::string> paths; // names before and after the patch, relative to the tree
    // As in the last line of a diffstat: a renamed file counts once, a binary one has no lines.
    std::size_t files = 0, added = 0, removed = 0;
};

// Asks `git apply --numstat` in `scratch` (a private folder), without any tree. FaultDomain::Spec
// for what is no patch and for what changes_in() refuses (patch_text.h), and for a path outside the
// tree.
Result<PatchExtent> patch_extent(const Patch& patch, const std::filesystem::path& scratch,
                                 CommandRunner& runner);

// Relative path -> the file after the patches; nullopt = the patches delete it.
using Overlay = std::map<std::string, std::optional<TreeFile>>;

// `before` lists files that already differ from `tree`. `git apply` applies the patches in
// `scratch` (an empty private folder) and reports which files they touch. Anything that it would
// skip is refused. FaultDomain::Spec, with the patch, hunk, line and file, for a patch that does
// not apply; also for a file or link outside the tree, and for a submodule.
Result<Overlay> apply_patches(const std::vector<Patch>& patches, const std::filesystem::path& tree,
                              const std::filesystem::path& scratch, CommandRunner& runner,
                              const Overlay& before = {});

} // namespace rig
