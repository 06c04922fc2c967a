// SPDX-License-Identifier: GPL-2.0-or-later
// Builds a bootable image from kernel source, series and config, through the artefact cache.
//
// The key of a built kernel is the SHA-256 of everything that goes into it: source identity, the
// content of every file that the patches change (so that series with the same result give one
// kernel), the merged fragments and options, the compiler with its version, and the version of this
// recipe. Builds are reproducible (fixed timestamp, user, host, build number): the same inputs give
// the same image hash.
//
// The second arm is built incrementally: all arms with the same source, fragments and compiler
// share an object tree, and only files whose final content differs from what is there are touched.
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

// Errors. FaultDomain::Host: missing tools, disk, download. FaultDomain::Spec: a patch that does
// not apply (names patch, hunk and file), or an option that is not in the final .config (names the
// option and, if Kconfig tells, the missing dependency). FaultDomain::Kernel: the patched tree does
// not compile (with the log, quoting the first error line).
Result<Kernel> build_kernel(const Spec& spec, const Arm& arm, const BuildContext& context);

// The kernel in a folder `kernels/<key>` of the cache. FaultDomain::Host: its build.json cannot be
// read.
Result<Kernel> load_kernel(const std::filesystem::path& dir);

// The result of compiling one object of a patched tree, which takes seconds instead of a whole
// build.
struct ObjectBuild {
    bool built = false;
    std::string error; // the compiler's first error line; empty if it was built
    double seconds = 0;
    std::filesystem::path log;
};
// `object` is relative to the tree ("mm/vmstat.o"). Errors are those of build_kernel(), except that
// a compiler error is a result.
Result<ObjectBuild> build_object(const Spec& spec, const Arm& arm, const std::string& object,
                                 const BuildContext& context);

// Builds the tree's own tools/perf, static and stripped, without optional features and, unless
// image.full_perf is set, only with the subcommands that the agent runs. Cached by source and
// compiler. An experiment with prebuilt images has no tree: it uses the newest perf in the cache,
// and fails with an explanation if there is none.
Result<std::filesystem::path> build_perf(const Spec& spec, const BuildContext& context);
// "perf version 6.12.117": the version that perf prints or, if it was built for another
// architecture, the version of its tree.
Result<std::string> perf_version(const Arch& arch, const std::filesystem::path& perf,
                                 CommandRunner& runner);

} // namespace rig
