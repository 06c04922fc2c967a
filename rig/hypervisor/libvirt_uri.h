// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the daemon of a libvirt URI runs on another host, which cannot see this host's files.
// Pure.
#pragma once

#include <string_view>

namespace rig {

// URIs are driver[+transport]://[user@][host][:port]/path, as in libvirt's documentation of remote
// URIs. A URI is local if it has no host, and no transport or "unix". Everything else counts as
// another host, even loopback: the daemon behind it may see other folders.
bool is_remote_uri(std::string_view uri);

} // namespace rig
