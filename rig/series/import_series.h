// SPDX-License-Identifier: GPL-2.0-or-later
// Turns what a user has (a mail, a folder, a branch, a modified work tree) into a quilt folder that
// an arm's key `series` can name.
#pragma once

#include "rig/base/error.h"
#include "rig/base/progress.h"
#include "rig/host/command_runner.h"
#include "rig/series/git_changes.h"
#include "rig/series/patch_subject.h"
#include "rig/series/series_source.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct SeriesPatch {
    std::string file;               // its name in the folder: "0002-mm-free-the-page.patch"
    std::string subject;            // without "[PATCH v2 2/3]"
    std::string author;             // "Name <address>"; empty if the patch names none
    std::vector<std::string> paths; // files of the tree that it touches, before and after it
};

struct ImportedSeries {
    std::string title; // the cover letter's subject, or the only patch's, or the first one's
    PatchVersion version;
    std::vector<SeriesPatch> patches; // at least one, in the order of application
    // Set for ranges and work trees: the tree on which the patches apply.
    std::optional<GitBase> base;
    // From the trailers "base-commit:" and "prerequisite-patch-id:"; empty if there are none.
    std::string base_commit;
    std::vector<std::string> prerequisite_patch_ids;
    std::string cover;                // the text of the cover letter; empty if there is none
    std::string message_id;           // of the cover letter or the first patch; empty if unknown
    std::vector<std::string> remarks; // what was chosen or set apart, for people; one line each
};

// Writes `out_folder`/NNNN-slug.patch and `out_folder`/series. The folder appears as a whole or not
// at all; one that an earlier import wrote is replaced, any other must be empty or missing.
//
// FaultDomain::Spec, naming the file and line, mail or commit, for input that is not understood: it
// is refused, never skipped. What apply_patches() cannot apply to any tree is refused here, with
// its reason: binary files without content, paths outside the tree, submodules. FaultDomain::Host
// if git or the disk fails.
Result<ImportedSeries> import_series(const SeriesSource& source,
                                     const std::filesystem::path& out_folder, CommandRunner& runner,
                                     Progress& progress);

// FaultDomain::Spec if all that a patch changes is in folders that `tree` does not have at its top:
// the series is for another tree, or its names have other folders in front.
Status touches_tree(const ImportedSeries& series, const std::filesystem::path& tree);

} // namespace rig
