// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/libvirt_uri.h"

namespace rig {

bool is_remote_uri(std::string_view uri) {
    const auto scheme_end = uri.find("://");
    if (scheme_end == uri.npos)
        return false; // an alias, which libvirt resolves: call this with the resolved URI
    const auto scheme = uri.substr(0, scheme_end);
    const auto plus = scheme.find('+');
    if (plus != scheme.npos && scheme.substr(plus + 1) != "unix") return true;
    const auto authority = uri.substr(scheme_end + 3);
    return !authority.empty() && authority.find_first_of("/?#") != 0;
}

} // namespace rig
