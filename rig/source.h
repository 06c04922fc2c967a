// Source -> a pristine kernel tree in the cache (kind `sources`, folder `tree`). Nothing ever writes in it.
//
// Distribution packages are fetched by apt, which checks signatures; a suite the host does not follow goes through a
// private apt configuration in the cache folder (own source list, lists, cache and status), with the mirror the host's
// own lists name. The host's configuration is only read.
#pragma once

#include "rig/kernel_build.h"

#include <string>

namespace rig {

struct SourceTree {
    std::filesystem::path tree;
    std::string id;      // what it is, for keys: "linux-source-6.12=6.12.117-1~deb12u1", "tarball:SHA", "git:COMMIT"
    std::string version; // from the tree's Makefile: "6.12.117"
};

// Errors: Blame::Host for downloads, disk and tools; Blame::Spec for a wrong checksum, an unknown revision or package,
// and a tree that is no kernel's.
Result<SourceTree> fetch_source(const Spec& spec, const BuildContext& context);

// "6.12.117" from the text of a kernel's top Makefile; empty if it is none.
std::string kernel_version_of(std::string_view makefile);

// From `apt-get indextargets --format '$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(SIGNED_BY)'`: the archive's own address,
// not that of the security or updates suites; empty if there is none.
std::string archive_uri(std::string_view indextargets);

// The candidate version in what `apt-cache policy PACKAGE` prints; empty if there is none.
std::string candidate_version(std::string_view policy);

} // namespace rig
