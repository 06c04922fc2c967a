// SPDX-License-Identifier: GPL-2.0-or-later
// Everything that goes into one kernel, and the key it has in the cache.
#pragma once

#include "rig/host/build_context.h"
#include "rig/kernel/kernel_config.h"
#include "rig/kernel/patch_series.h"
#include "rig/kernel/source.h"
#include "rig/spec/spec.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rig {

struct Recipe {
    const Arch* arch = nullptr;
    SourceTree source;
    std::vector<Patch> patches;
    Overlay overlay; // what the patches make of the tree: only files that differ from it
    OptionRequests requests;
    std::string compiler, key, worktree_key;
};

// Fetches the source, and applies the delta and the patches to private copies. Errors as
// build_kernel().
Result<Recipe> make_recipe(const Spec& spec, const Arm& arm, const BuildContext& context);

// What was done to the source, in order: name and SHA-256. The way from a base to a revision is one
// like a patch.
std::vector<std::pair<std::string, std::string>> applied(const Recipe& recipe);

// The first line of `gcc --version`, of the compiler for this architecture.
Result<std::string> compiler_identity(CommandRunner& runner, const Arch& arch);
// What make finds in its environment.
std::map<std::string, std::string> build_environment(const Arch& arch);
// What ccache finds there if the host has it, empty if not. It holds the objects of all worktrees,
// so that a kernel configuration which was built before is not compiled again. An image does not
// depend on it.
std::map<std::string, std::string> compiler_cache(const BuildContext& context);
// FaultDomain::Host with the packages to install if programs are missing: deep in the kernel's
// build that would show as an error of some file, which must not be held against the kernel.
Status require_build_tools(const Arch& arch);
// The first line of a build's output that tells of an error.
std::string first_build_error(const std::string& out);

} // namespace rig
