// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the boots of an arm can be profiled, and what its profile is to contain.
#pragma once

#include "rig/boot/profile_boot.h"
#include "rig/experiment/environment.h"
#include "rig/experiment/prepared.h"

#include <filesystem>

namespace rig {

// For boots of `kernel` with the initramfs `image` on `machine`. The user's fault, with the reason:
// a clock other than the virtual one (the profile needs one thread that executes all vCPUs), guests
// of another host or through an engine, an emulator for which there is no plugin in `plugins`, and
// more vCPUs than that plugin profiles.
Result<Profiling> profiling_of(const Kernel& kernel, const std::filesystem::path& image,
                               const Machine& machine, const Arch& arch, unsigned vcpus,
                               const Environment& environment,
                               const std::filesystem::path& plugins);

} // namespace rig
