// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/version.h"

#include "rig/base/sha256.h"

#ifndef RIG_VERSION
#define RIG_VERSION "unknown"
#endif

namespace rig {

std::string rig_version() {
    return RIG_VERSION;
}

Result<std::string> own_sha256() {
    static const auto own = sha256_file("/proc/self/exe");
    return own;
}

} // namespace rig
