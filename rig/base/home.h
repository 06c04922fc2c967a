// SPDX-License-Identifier: GPL-2.0-or-later
// The user's home folder: $HOME, or the passwd entry if HOME is not set (services and containers
// start programs without it). There is no fallback to a folder that others can write to, such as
// /tmp.
#pragma once

#include <filesystem>

namespace rig {

// Empty if the user has none.
std::filesystem::path home_folder();

} // namespace rig
