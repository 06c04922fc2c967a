// SPDX-License-Identifier: GPL-2.0-or-later
// Chooses between direct QEMU and libvirt.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <memory>
#include <string>

namespace rig {

// `connect` is "none", "auto", a libvirt URI, or "" = the key `connect` of the host's configuration
// file, "none" without one. Returns nullptr for direct QEMU. FaultDomain::Host if a given URI does
// not answer; with "auto", direct QEMU is used then. FaultDomain::Spec for a malformed
// configuration file.
Result<std::unique_ptr<Hypervisor>> choose_libvirt(std::string connect);

// The host's configuration file: $XDG_CONFIG_HOME/rig/host.toml, or ~/.config/rig/host.toml.
std::filesystem::path host_file();
// The value of its key `connect`; "none" if there is no such file or key.
Result<std::string> connect_of(const std::filesystem::path& host_file);

} // namespace rig
