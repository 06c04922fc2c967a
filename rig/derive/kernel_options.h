// SPDX-License-Identifier: GPL-2.0-or-later
// Which options must be set so that a kernel compiles given files.
//
// The tree's own make says what its Makefiles list for given values of options; kconfiglib says
// what must be set in Kconfig for these values. Nothing is built, and the tree is only read.
#pragma once

#include "rig/arch/arch.h"
#include "rig/base/error.h"
#include "rig/host/build_context.h"
#include "rig/kernel/kernel_config.h"
#include "rig/kernel/patch_series.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rig {

struct OptionSetting {
    std::string name;       // without CONFIG_
    std::string value;      // as in a .config
    std::string reason;     // for people: "NET_CORE depends on it"
    std::string instead_of; // the value that was requested; empty: none, or this one
    bool operator==(const OptionSetting&) const = default;
};

struct ObjectOptions {
    std::string file;                 // relative to the tree
    std::vector<std::string> objects; // that compile it: "mm/vmstat.o". Of a header: none is named
    // What the Makefiles ask for: "CONFIG_EXT4_FS=y". Empty: it is always compiled.
    std::vector<std::string> options;
    // What must be set beyond the requested options: none of it can be left out. Empty, with an
    // empty why_not: the requested options compile the file, or it is a header.
    std::vector<OptionSetting> needed;
    std::vector<std::string> notes; // for people: other options that would do, what includes it
    std::string why_not;            // why no options are named, for people
};

struct DerivedOptions {
    std::vector<ObjectOptions> files; // as asked
    // What compiles all of them in one kernel. `conflicts` says, for people, which files it leaves
    // out, and why.
    std::vector<OptionSetting> together;
    std::vector<std::string> conflicts;
};

// The lines of a file that a change is in, 1-based and ascending.
struct TouchedLines {
    std::vector<unsigned> changed;
    std::vector<unsigned> before_gaps; // lines went behind these
};

// `tree` is a kernel's source, with the patches; its path is absolute. The kernel is `make
// allnoconfig` with `requests`. `lines` (by file) adds the options that the #if around these lines
// and IS_ENABLED() on them ask for: never against `requests`, and the file's notes name what is not
// set, with the reason. FaultDomain::Host: make or python3 failed, or kconfiglib is not installed,
// which names the package. FaultDomain::Spec: the tree's Kconfig files cannot be parsed.
Result<DerivedOptions> options_for(const std::vector<std::string>& files,
                                   const std::filesystem::path& tree, const Arch& arch,
                                   const OptionRequests& requests, const BuildContext& context,
                                   const std::map<std::string, TouchedLines>& lines = {});

// The options that are on in that kernel: name -> value as in a .config. Errors as options_for().
Result<std::map<std::string, std::string>> kconfig_values(const std::filesystem::path& tree,
                                                          const Arch& arch,
                                                          const OptionRequests& requests,
                                                          const BuildContext& context);

// Makes `into`, which must not exist, a tree with the overlay's files over those of `tree`, of
// which only the folders that hold such files are made: all else are links into `tree`. To read,
// not to build.
Status link_tree(const std::filesystem::path& tree, const Overlay& overlay,
                 const std::filesystem::path& into);

} // namespace rig
