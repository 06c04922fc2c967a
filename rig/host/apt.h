// SPDX-License-Identifier: GPL-2.0-or-later
// Debian packages through apt, which checks signatures. Packages of another suite or another
// architecture than the host's come through a private apt configuration in the cache folder (own
// source list, lists, cache and status), with the mirror of the host's own lists. The host's
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

// Runs a program of the host and returns its output. Anything but exit code 0 is an error that
// contains the last lines of the output.
Result<std::string> must_run(const BuildContext& context, std::vector<std::string> argv,
                             const std::filesystem::path& cwd = {},
                             FaultDomain fault_domain = FaultDomain::Host,
                             std::function<void(std::string_view)> on_line = {});
Result<std::string> must_run(const BuildContext& context, const Command& command,
                             FaultDomain fault_domain = FaultDomain::Host);

// Options that make apt-get and apt-cache use a private configuration. None for the host's own
// lists.
struct Apt {
    std::vector<std::string> options;
    std::vector<std::string> command(const char* program,
                                     std::initializer_list<std::string> words) const;
};

// A private configuration with package lists of the suite (empty: that of the host's archive) for
// one of Debian's architectures (empty: the host's). The lists are at most a day old, unless they
// cannot be fetched.
Result<Apt> private_apt(const BuildContext& context, const std::string& suite,
                        const std::string& architecture = {});

inline constexpr std::uint64_t kDownloadSteps = 1000; // progress steps of one download
// Downloads one package ("name" or "name=version") into `dir` and returns the path of the file.
// Advances a progress of kDownloadSteps and finishes it.
Result<std::filesystem::path> download_package(const BuildContext& context, const Apt& apt,
                                               const std::string& package,
                                               const std::filesystem::path& dir);

struct FetchedPackages {
    std::filesystem::path root;
    std::vector<std::string> versions; // "opensbi 1.5.1-1~bpo12+2", as in the archive
};
// Fetches and unpacks packages of the host's architecture but of another suite into one folder
// (cache: packages/). `names` lists the packages, separated by blanks. Their dependencies are not
// fetched.
Result<FetchedPackages> fetched_packages(const BuildContext& context, const std::string& suite,
                                         const std::string& names);

// Fetches and unpacks a package of another architecture, for example for its static libraries
// (cache: packages/). It has the version that the archive had at the first fetch, until the cache
// is pruned.
Result<std::filesystem::path> foreign_package(const BuildContext& context, const Arch& arch,
                                              const std::string& package);

struct Archive {
    std::string uri, release; // "http://mirror.example/debian/", "bookworm"
};
// Parses the output of `apt-get indextargets --format '$(CREATED_BY)|$(REPO_URI)|$(RELEASE)'`:
// address and release of the main archive, not of the security or updates suites; empty if there is
// none.
Archive archive_of(std::string_view indextargets);
std::string archive_uri(std::string_view indextargets);

// The candidate version in the output of `apt-cache policy PACKAGE`; empty if there is none.
std::string candidate_version(std::string_view policy);

} // namespace rig
