// SPDX-License-Identifier: GPL-2.0-or-later
// The user's home: $HOME, else that of the user's entry in the passwd database (services and
// containers start programs without the variable). Never a place that others can write to.
#pragma once

#include <filesystem>

namespace rig {

// Empty if there is none.
std::filesystem::path home_folder();

} // namespace rig
