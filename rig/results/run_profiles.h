// SPDX-License-Identifier: GPL-2.0-or-later
// The profiles of a run's boots: boots/<order>-<arm>-<index>/profile.json (boot/profile_boot.h).
#pragma once

#include "rig/analysis/profile_change.h"
#include "rig/base/error.h"
#include "rig/guest_output/sample.h"

#include <filesystem>
#include <vector>

namespace rig {

// One for each sample whose boot was profiled, in the order of the samples. Error
// (FaultDomain::Host): "FILE: what was found, want what", also for a profile that must not be used.
Result<std::vector<BootProfile>> load_profiles(const std::filesystem::path& run_dir,
                                               const std::vector<Sample>& samples);

} // namespace rig
