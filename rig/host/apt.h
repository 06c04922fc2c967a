// SPDX-License-Identifier: GPL-2.0-or-later
// Debian packages through apt, which checks signatures. What the host does not follow, another
// suite or another architecture, goes through a private apt configuration in the cache folder (own
// source list, lists, cache and status), with the mirror the host's own lists name. The host's
// configuration is only read.
#pragma once

#include "rig/arch/arch.h"
#include "rig/base/error.h"
#include "rig/host/build_context.h"

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Runs a program of the host; what it printed. Anything but exit code 0 is an error with its last
// lines.
Result<std::string> must_run(const BuildContext& context, std::vector<std::string> argv,
                             const std::filesystem::path& cwd = {},
                             FaultDomain fault_domain = FaultDomain::Host,
                             std::function<void(std::string_view)> on_line = {});
Result<std::string> must_run(const BuildContext& context, const Command& command,
                             FaultDomain fault_domain = FaultDomain::Host);

// Options that make apt-get and apt-cache use a private configuration; none for the host's own
// lists.
struct Apt {
    std::vector<std::string> options;
    std::vector<std::string> command(const char* program,
                                     std::initializer_list<std::string> words) const;
};

// With package lists of the suite (empty: that of the host's archive) for one of Debian's
// architectures (empty: the host's own), at most a day old unless there is no way to fetch them.
Result<Apt> private_apt(const BuildContext& context, const std::string& suite,
                        const std::string& architecture = {});

inline constexpr std::uint64_t kDownloadSteps = 1000; // of the progress of a download
// Downloads one package ("name" or "name=version") into `dir`; its file there. Advances a progress
// of kDownloadSteps and ends it.
Result<std::filesystem::path> download_package(const BuildContext& context, const Apt& apt,
                                               const std::string& package,
                                               const std::filesystem::path& dir);

struct FetchedPackages {
    std::filesystem::path root;
    std::vector<std::string> versions; // "opensbi 1.5.1-1~bpo12+2", as the archive names them
};
// The unpacked content of packages of the host's own architecture but of another suite, together in
// one folder (cache: packages/), as `names` has them with a blank between. Their dependencies are
// not fetched.
Result<FetchedPackages> fetched_packages(const BuildContext& context, const std::string& suite,
                                         const std::string& names);

// The unpacked content of a package of another architecture, such as its static libraries (cache:
// packages/). The version is the archive's when it is fetched first; it stays until the cache is
// pruned.
Result<std::filesystem::path> foreign_package(const BuildContext& context, const Arch& arch,
                                              const std::string& package);

struct Archive {
    std::string uri, release; // "http://mirror.example/debian/", "bookworm"
};
// From `apt-get indextargets --format '$(CREATED_BY)|$(REPO_URI)|$(RELEASE)'`: the archive's own
// address and release, not those of the security or updates suites; empty if there is none.
Archive archive_of(std::string_view indextargets);
std::string archive_uri(std::string_view indextargets);

// The candidate version in what `apt-cache policy PACKAGE` prints; empty if there is none.
std::string candidate_version(std::string_view policy);

} // namespace rig
