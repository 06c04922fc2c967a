// SPDX-License-Identifier: GPL-2.0-or-later
// Patches from the user's git repository: the commits of a range, or what is not committed. Nothing
// in the repository changes: not the work tree, the index, the refs or the objects. (Git may renew
// the times of objects, which keeps them from being pruned.)
#pragma once

#include "rig/base/progress.h"
#include "rig/host/command_runner.h"
#include "rig/series/mail.h"
#include "rig/series/series_source.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rig {

// A tree on which patches apply. A GitSource of this repository and revision builds it.
struct GitBase {
    std::filesystem::path repository; // absolute: the top of the work tree, or the bare repository
    std::string revision;             // the commit's ID, 40 digits (64 with SHA-256)
};

struct GitChanges {
    GitBase base;
    std::vector<Mail> patches; // in order; `patch` is a diff with whole object IDs and binary files
    std::string title;
    std::vector<std::string> remarks;
};

// The commits of `source.text`, "A..B", "A.." or "..B" (HEAD is the other end), oldest first. The
// base is A, or where A's and B's histories meet. A merge becomes one patch: its difference to its
// first parent. FaultDomain::Spec with git's reason for what is no repository or no commit, without
// commits, for more than kMostPatches, and for a history in which A is not on the line of B's first
// parents.
Result<GitChanges> commits_of_range(const SeriesSource& source,
                                    const std::filesystem::path& scratch, CommandRunner& runner,
                                    Progress& progress);

// One patch: staged, unstaged and untracked changes of the whole work tree against HEAD; ignored
// files are left out. FaultDomain::Spec for a bare repository, a HEAD without a commit, conflicts,
// no change, and untracked files with more than kMostSeriesBytes.
Result<GitChanges> changes_of_worktree(const SeriesSource& source,
                                       const std::filesystem::path& scratch, CommandRunner& runner);

} // namespace rig
