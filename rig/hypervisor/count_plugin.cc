// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/count_plugin.h"

#include "rig/base/shipped_files.h"
#include "rig/hypervisor/qemu_choice.h"

#include <charconv>
#include <cstdlib>
#include <fmt/format.h>

namespace rig {

std::string plugin_option(const CountPlugin& plugin) {
    return qemu_escaped(plugin.module) + ",counts=" + qemu_escaped(plugin.counts);
}

unsigned plugin_api(std::string_view qemu_version) {
    // "QEMU emulator version 7.2.22 (...)" from QEMU, "QEMU 7.2.22 of libvirt" from libvirt.
    constexpr std::string_view by_libvirt = "QEMU ";
    auto major = qemu_major(qemu_version);
    if (major == 0 && qemu_version.starts_with(by_libvirt))
        std::from_chars(qemu_version.data() + by_libvirt.size(),
                        qemu_version.data() + qemu_version.size(), major);
    return major >= 9 ? 2 : major >= 6 ? 1 : 0;
}

PluginChoice choose_plugin(Accelerator accelerator, std::string_view qemu_version,
                           const std::filesystem::path& folder, std::string_view plugin) {
    if (accelerator != Accelerator::Tcg)
        return {{}, "under KVM QEMU does not see the instructions of the guest"};
    const auto api = plugin_api(qemu_version);
    if (api == 0)
        return {{},
                fmt::format("'{}' takes no plugin of API 1 or 2, want QEMU 6.0 or later",
                            qemu_version)};
    const auto module = folder / fmt::format("lib{}-api{}.so", plugin, api);
    std::error_code error;
    if (!std::filesystem::exists(module, error))
        return {{},
                fmt::format("there is no {}: run ninja in the build folder, or set RIG_PLUGINS",
                            module.string())};
    return {module, ""};
}

std::filesystem::path plugin_folder() {
    if (const char* folder = std::getenv("RIG_PLUGINS")) return folder;
    return shipped_programs("plugin");
}

} // namespace rig
