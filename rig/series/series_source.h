// SPDX-License-Identifier: GPL-2.0-or-later
// Where a series of patches comes from: what the user named, and which form it has.
#pragma once

#include "rig/base/error.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <unistd.h>

namespace rig {

// Limits of one series, from whatever source. More is FaultDomain::Spec.
inline constexpr std::size_t kMostSeriesBytes = std::size_t{64} << 20; // of all texts together
inline constexpr std::size_t kMostPatches = 1000;                      // also mails, or commits

struct SeriesSource {
    enum class Kind {
        File,     // an mbox, one mail, or one patch; a pipe will do
        Stdin,    // the same, from `input`
        Folder,   // a quilt folder with its file `series`, or the output of `git format-patch`
        Range,    // commits of a git repository, "A..B"
        Worktree, // what differs from HEAD in a work tree
    };
    Kind kind = Kind::File;
    std::string text;                // the path or the range as the user wrote it
    std::filesystem::path directory; // of ranges and work trees: any folder of them; empty: "."
    int input = STDIN_FILENO;        // Kind::Stdin
};

// What `word` of a command line is: "-", a path that exists, or else a range. FaultDomain::Spec,
// with all forms, for anything else. `directory` goes into the result.
Result<SeriesSource> series_source(const std::string& word,
                                   const std::filesystem::path& directory = {});

// The whole file, or all of standard input. FaultDomain::Spec if it is missing, unreadable, empty
// or too large, or if standard input is a terminal.
Result<std::string> read_source(const SeriesSource& source);

// The name of a source in messages: the path or range, "standard input", "the work tree DIR".
std::string name_of(const SeriesSource& source);

} // namespace rig
