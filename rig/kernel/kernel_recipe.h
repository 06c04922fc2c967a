// SPDX-License-Identifier: GPL-2.0-or-later
// Everything that goes into one kernel, and its key in the cache.
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
    Overlay overlay; // the result of the patches: only files that differ from the tree
    OptionRequests requests;
    std::string compiler, key, worktree_key;
};

// Fetches the source, and applies the delta and the patches to private copies. Errors are those of
// build_kernel().
Result<Recipe> make_recipe(const Spec& spec, const Arm& arm, const BuildContext& context);

// Names and SHA-256 of what was applied to the source, in order. The delta from a base to a
// revision is listed like a patch.
std::vector<std::pair<std::string, std::string>> applied(const Recipe& recipe);

// The first line of `gcc --version`, for the compiler of this architecture.
Result<std::string> compiler_identity(CommandRunner& runner, const Arch& arch);
// The environment variables for make.
std::map<std::string, std::string> build_environment(const Arch& arch);
// The environment variables for ccache; empty if the host does not have it. ccache holds the
// objects of all worktrees, so that a kernel configuration that was built before is not compiled
// again. It does not affect the image.
std::map<std::string, std::string> compiler_cache(const BuildContext& context);
// FaultDomain::Host, with the packages to install, if programs are missing. Within the kernel's
// build a missing program would look like an error in some file, and be held against the kernel.
Status require_build_tools(const Arch& arch);
// The first line of a build's output that reports an error.
std::string first_build_error(const std::string& out);

} // namespace rig
