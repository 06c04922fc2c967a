// SPDX-License-Identifier: GPL-2.0-or-later
// The TCG plugins that count instructions (plugin/count_ranges.c, plugin/profile.c): which of its
// two builds a QEMU takes, where it is, and QEMU's option for it.
#pragma once

#include "rig/base/guest_clock.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace rig {

// Of one boot.
struct CountPlugin {
    std::filesystem::path module; // the shared object that QEMU loads
    // The file that it counts in, prepared (boot/counts_file.h, boot/profile_boot.h).
    std::filesystem::path counts;
    bool operator==(const CountPlugin&) const = default;
};

// "-plugin" takes this.
std::string plugin_option(const CountPlugin& plugin);

// By Hypervisor::version(): the plugin API that this QEMU takes, of the two that rig builds for. 1:
// QEMU 6.0 to 8.2. 2: QEMU 9.0 and later. 0: older than that, or unknown.
unsigned plugin_api(std::string_view qemu_version);

// Either a module or a reason, for people, why nothing can be counted.
struct PluginChoice {
    std::filesystem::path module;
    std::string why_not;
};
// `folder` has both builds of `plugin`. Under KVM there is none: QEMU does not see the
// instructions.
PluginChoice choose_plugin(Accelerator accelerator, std::string_view qemu_version,
                           const std::filesystem::path& folder,
                           std::string_view plugin = "count_ranges");

// The folder of the plugins that this rig was built or installed with: $RIG_PLUGINS, else
// shipped_programs().
std::filesystem::path plugin_folder();

} // namespace rig
