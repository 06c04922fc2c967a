// SPDX-License-Identifier: GPL-2.0-or-later
// Fetches a source as a pristine kernel tree in the cache (kind `sources`, folder `tree`). Nothing
// ever writes to that tree.
//
// Distribution packages are fetched by apt, which checks signatures. A suite that the host does not
// use is fetched through a private apt configuration in the cache folder (own source list, lists,
// cache and status), with the mirror of the host's own lists. The host's configuration is only
// read.
#pragma once

#include "rig/host/apt.h"
#include "rig/host/build_context.h"
#include "rig/kernel/patch_series.h"
#include "rig/spec/spec.h"

#include <optional>
#include <string>

namespace rig {

// The difference between the trees of two commits.
struct SourceDelta {
    std::string name; // "git 0123456789ab..ba9876543210"
    Overlay files;    // every file with another content, type or executable bit
};

struct SourceTree {
    std::filesystem::path tree;
    std::string id;      // identity for cache keys: "linux-source-6.12=6.12.117-1~deb12u1",
                         // "tarball:SHA", "git:COMMIT"
    std::string version; // from the Makefile of what is built: "6.12.117"
    // For a GitSource with a base: `tree` and `id` are the base's, and this is the difference to
    // the revision.
    std::optional<SourceDelta> delta{};
    // For a git repository with uncommitted changes, if the checked-out revision is requested: a
    // warning that these changes are not built. Also shown in the progress.
    std::string warning{};
};

// Errors. FaultDomain::Host: downloads, disk and tools. FaultDomain::Spec: a wrong checksum, an
// unknown revision or package, a tree that is not a kernel's, and a revision that differs from its
// base in symbolic links or submodules outside Documentation/. `revision` (for git sources)
// replaces the one that the source names (Arm::revision); empty: that one.
Result<SourceTree> fetch_source(const Spec& spec, const BuildContext& context,
                                const std::string& revision = {});

// "6.12.117" from the text of a kernel's top Makefile; empty for any other text.
std::string kernel_version_of(std::string_view makefile);

} // namespace rig
