// SPDX-License-Identifier: GPL-2.0-or-later
// Which patch of an arm's series breaks the build: bisection over how many of its patches are
// applied.
#pragma once

#include "rig/base/error.h"
#include "rig/host/build_context.h"
#include "rig/kernel/kernel_build.h"
#include "rig/spec/spec.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct BreakingPatch {
    // 1-based. 0: already the tree without the arm's series does not build. nullopt: with all
    // patches it does build now.
    std::optional<std::size_t> number;
    std::string patch;         // the patch's file, relative to the project; empty without a number
    std::string error;         // the compiler's first error line with this patch
    std::filesystem::path log; // with that line
    unsigned builds = 0;       // that were tried
};

// Builds with the first `patches` patches of the series.
using BuildPrefix = std::function<Result<ObjectBuild>(std::size_t patches)>;

// `count` patches. The patch that is named fails, and the series without it and what follows
// builds. Tries at most 2 + log2(count) builds. Errors are those of `build`.
Result<BreakingPatch> find_breaking_patch(std::size_t count, const BuildPrefix& build);

// Pure. The objects that make could not build, from its output ("mm/vmstat.o", and files such as
// kernel/bounds.s that are compiled before all objects). Empty if something else failed: the
// linker, or Kconfig.
std::vector<std::string> failed_objects(std::string_view log);

// For an arm that build_kernel() refused with FaultDomain::Kernel; `log` is that error's. Only
// the objects that failed there are compiled, in the arms' common object tree. Without such objects
// every step is a whole, incremental build. A prefix in which an object does not exist yet, or in
// whose Kconfig a requested option does not exist yet, counts as one that builds. Errors are those
// of build_kernel(), except FaultDomain::Kernel.
Result<BreakingPatch> find_breaking_patch(const Spec& spec, const Arm& arm,
                                          const BuildContext& context,
                                          const std::filesystem::path& log);

} // namespace rig
