// SPDX-License-Identifier: GPL-2.0-or-later
// Profiles one boot with the TCG plugin: creates its file, and keeps what it counted as a Profile
// in the boot's evidence, with the names of the functions.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/sample_builder.h"
#include "rig/hypervisor/count_plugin.h"
#include "rig/profile/profile.h"

#include <filesystem>
#include <memory>

namespace rig {

// In a boot's evidence, beside the sample.
inline constexpr const char* kProfileFile = "profile.json";

// What to profile in the boots of one arm, and with which build of the plugin.
struct Profiling {
    std::filesystem::path module;
    std::shared_ptr<const ProfileLayout> layout;
};

// Creates the plugin's file in `evidence`, and removes what an earlier attempt left. Error (the
// host's fault): it cannot be written, the disk is full, or the layout is too large.
Status begin_profile(const Profiling& profiling, const std::filesystem::path& evidence);
CountPlugin profiler_of(const Profiling& profiling, const std::filesystem::path& evidence);

// After the boot, however it ended: writes kProfileFile and removes the plugin's file. Error (the
// host's fault): the plugin's file is missing or damaged, or kProfileFile cannot be written.
Status keep_profile(const Profiling& profiling, const Artifacts& artifacts,
                    const std::filesystem::path& evidence);

} // namespace rig
