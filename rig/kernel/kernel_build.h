// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel source + series + config -> a bootable image, through the artefact cache.
//
// A built kernel is addressed by the SHA-256 of everything that goes into it: source identity, the
// content of every file that the patches change (so that series which come to the same are one
// kernel), the merged fragments and options, the compiler with its version, and this recipe's
// version. Kernels build reproducibly (fixed timestamp, user, host, build number), so the same
// inputs give the same image hash.
//
// The second arm is incremental: all arms of one (source, fragments, compiler) share an object
// tree; only files whose final content differs from what is there get touched.
#pragma once

#include "rig/base/error.h"
#include "rig/host/build_context.h"
#include "rig/host/command_runner.h"
#include "rig/kernel/kernel.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <stop_token>
#include <string>

namespace rig {

// Errors: FaultDomain::Host for missing tools, disk, download; FaultDomain::Spec for a patch that
// does not apply (names patch, hunk and file) and an option that did not survive (names the option
// and, where Kconfig tells, the missing dependency); FaultDomain::Kernel when the patched tree does
// not compile (log given, the first error line quoted).
Result<Kernel> build_kernel(const Spec& spec, const Arm& arm, const BuildContext& context);

// One object of a patched tree, to see whether it compiles: seconds in place of a whole build.
struct ObjectBuild {
    bool built = false;
    std::string error; // the compiler's first error line, empty if it was built
    double seconds = 0;
    std::filesystem::path log;
};
// `object` is relative to the tree ("mm/vmstat.o"). Errors as build_kernel(), but a compiler's
// error is a result.
Result<ObjectBuild> build_object(const Spec& spec, const Arm& arm, const std::string& object,
                                 const BuildContext& context);

// The tree's own tools/perf, static and stripped, without optional features and, unless
// image.full_perf asks for all, with the subcommands alone that the agent runs; cached by source
// and compiler. An experiment on prebuilt images has no tree: the newest perf in the cache is
// taken, else an error that says so.
Result<std::filesystem::path> build_perf(const Spec& spec, const BuildContext& context);
// "perf version 6.12.117": what it says of itself, or of one for another architecture the tree it
// is of.
Result<std::string> perf_version(const Arch& arch, const std::filesystem::path& perf,
                                 CommandRunner& runner);

} // namespace rig
