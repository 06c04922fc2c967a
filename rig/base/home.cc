// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/home.h"

#include <cstdlib>
#include <pwd.h>
#include <unistd.h>

namespace rig {

std::filesystem::path home_folder() {
    if (const char* home = std::getenv("HOME"); home && *home) return home;
    const auto* entry = ::getpwuid(::geteuid());
    return entry && entry->pw_dir ? entry->pw_dir : "";
}

} // namespace rig
