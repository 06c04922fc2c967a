// SPDX-License-Identifier: GPL-2.0-or-later
// Is the daemon behind a libvirt URI on another host, whose files are not these? Pure.
#pragma once

#include <string_view>

namespace rig {

// driver[+transport]://[user@][host][:port]/path, as libvirt's documentation of remote URIs has it.
// On this host: no transport or "unix", and no host. Everything else counts as another host,
// loopback too: what is behind it may see other folders.
bool is_remote_uri(std::string_view uri);

} // namespace rig
