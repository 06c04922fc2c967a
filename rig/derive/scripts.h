// SPDX-License-Identifier: GPL-2.0-or-later
// The Python scripts of this folder, which the build puts into the program.
#pragma once

#include <string_view>
#include <vector>

namespace rig {

struct Script {
    const char* name; // of the file: "kernel_options.py"
    std::string_view text;
};
const std::vector<Script>& scripts();

} // namespace rig
