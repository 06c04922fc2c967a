// SPDX-License-Identifier: GPL-2.0-or-later
// Direct QEMU or libvirt?
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <memory>
#include <string>

namespace rig {

// `connect`: "none", "auto", a libvirt URI, or "" = what the key `connect` of the host's file says,
// "none" without one. nullptr: direct QEMU. FaultDomain::Host if a URI does not answer; "auto" then
// means direct QEMU. FaultDomain::Spec for a malformed host file.
Result<std::unique_ptr<Hypervisor>> choose_libvirt(std::string connect);

// $XDG_CONFIG_HOME/rig/host.toml, or ~/.config/rig/host.toml.
std::filesystem::path host_file();
// The value of its key `connect`; "none" if there is no such file or key.
Result<std::string> connect_of(const std::filesystem::path& host_file);

} // namespace rig
