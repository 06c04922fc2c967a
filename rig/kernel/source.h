// SPDX-License-Identifier: GPL-2.0-or-later
// Source -> a pristine kernel tree in the cache (kind `sources`, folder `tree`). Nothing ever
// writes in it.
//
// Distribution packages are fetched by apt, which checks signatures; a suite the host does not
// follow goes through a private apt configuration in the cache folder (own source list, lists,
// cache and status), with the mirror the host's own lists name. The host's configuration is only
// read.
#pragma once

#include "rig/host/apt.h"
#include "rig/host/build_context.h"
#include "rig/kernel/patch_series.h"
#include "rig/spec/spec.h"

#include <optional>
#include <string>

namespace rig {

// What makes one commit's tree of another's.
struct SourceDelta {
    std::string name; // "git 0123456789ab..ba9876543210"
    Overlay files;    // every file that differs, by content or by being a program
};

struct SourceTree {
    std::filesystem::path tree;
    std::string id; // what it is, for keys: "linux-source-6.12=6.12.117-1~deb12u1", "tarball:SHA",
                    // "git:COMMIT"
    std::string version; // from the Makefile of what is built: "6.12.117"
    // GitSource with a base: `tree` and `id` are the base's, and these files make the revision of
    // it.
    std::optional<SourceDelta> delta{};
    // Of a git repository in which files are changed but not committed, if what is checked out
    // there is asked for: that they are not built. Also said in the progress.
    std::string warning{};
};

// Errors: FaultDomain::Host for downloads, disk and tools; FaultDomain::Spec for a wrong checksum,
// an unknown revision or package, a tree that is no kernel's, and a base from which a revision
// differs in symbolic links or submodules outside Documentation/. `revision`: of a git source, in
// the place of the one it names (Arm::revision); empty: that one.
Result<SourceTree> fetch_source(const Spec& spec, const BuildContext& context,
                                const std::string& revision = {});

// "6.12.117" from the text of a kernel's top Makefile; empty if it is none.
std::string kernel_version_of(std::string_view makefile);

} // namespace rig
