// SPDX-License-Identifier: GPL-2.0-or-later
// Which lines differ between the trees of two arms. What counts is the difference between the two
// trees, not the text of the patches: a line that one patch adds and the next removes is in no
// kernel.
#pragma once

#include "rig/base/error.h"
#include "rig/host/command_runner.h"
#include "rig/kernel/patch_series.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// `count` lines beginning at `first`, 1-based. Without lines (count 0) it is a place: behind line
// `first`, or before the whole file if that is 0. This is how a unified diff writes it.
struct LineSpan {
    unsigned first = 0, count = 0;
    bool operator==(const LineSpan&) const = default;
};

// Lines of the tree before that became lines of the tree after.
struct Hunk {
    LineSpan removed, added;
    bool operator==(const Hunk&) const = default;
};

struct ChangedFile {
    std::string path;                         // relative to the tree
    std::optional<std::string> before, after; // contents; nullopt: there is no such file
    std::vector<Hunk> hunks;                  // ascending
};

enum class TreeSide { Before, After };

// The lines of a hunk that are in the tree of this side: those that are removed, or added.
inline const LineSpan& lines_of(const Hunk& hunk, TreeSide side) {
    return side == TreeSide::Before ? hunk.removed : hunk.added;
}

// Lines of a file, without their ends. Pure.
std::vector<std::string_view> split_lines(std::string_view text);

// Pure. The hunks of what `git diff -U0` printed of two files with these contents. An error (the
// host's fault) if they do not turn one content into the other.
Result<std::vector<Hunk>> hunks_of(std::string_view diff, std::string_view before,
                                   std::string_view after);

// The files that differ between two overlays of the same pristine tree, in order of their names.
// `git diff --no-index` says which lines. A renamed file is one that went and one that came. A
// file of which only the permissions differ has no hunk, and is not listed.
Result<std::vector<ChangedFile>> changed_lines(const Overlay& before, const Overlay& after,
                                               const std::filesystem::path& tree,
                                               CommandRunner& runner);

} // namespace rig
