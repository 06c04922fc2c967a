// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/connect.h"

#include "rig/base/home.h"
#include "rig/hypervisor/libvirt_hypervisor.h"

#include <cstdlib>
#include <fmt/format.h>
#include <toml++/toml.h>

namespace rig {

std::filesystem::path host_file() {
    if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && *config)
        return std::filesystem::path(config) / "rig/host.toml";
    const auto home = home_folder();
    return home.empty() ? home
                        : home / ".config/rig/host.toml"; // without a home there is no such file
}

Result<std::string> connect_of(const std::filesystem::path& host_file) {
    std::error_code error;
    const bool there = std::filesystem::exists(host_file, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot read {}: {}", host_file.string(), error.message()));
    if (!there) return std::string("none");
    toml::table table;
    try {
        table = toml::parse_file(host_file.string());
    } catch (const toml::parse_error& error) {
        return fail(FaultDomain::Spec, fmt::format("{}:{}: {}", host_file.string(),
                                                   error.source().begin.line, error.description()));
    }
    for (const auto& [key, value] : table) {
        const auto text = value.value<std::string>();
        if (key.str() == "connect" && text && !text->empty()) return *text;
        return fail(
            FaultDomain::Spec,
            fmt::format("{}:{}: bad key '{}', want connect = \"none\", \"auto\" or a libvirt URI",
                        host_file.string(), value.source().begin.line, key.str()));
    }
    return std::string("none");
}

Result<std::unique_ptr<Hypervisor>> choose_libvirt(std::string connect) {
    if (connect.empty()) {
        RIG_TRY(configured, connect_of(host_file()));
        connect = configured;
    }
    if (connect == "none") return std::unique_ptr<Hypervisor>();
    auto found = LibvirtHypervisor::connect(connect == "auto" ? "qemu:///system" : connect);
    if (found) return std::unique_ptr<Hypervisor>(std::move(*found));
    if (connect == "auto") return std::unique_ptr<Hypervisor>();
    return tl::unexpected(found.error());
}

} // namespace rig
