// SPDX-License-Identifier: GPL-2.0-or-later
// Where the files are that come with rig: the data (configs/, kernel-patches/), the agents of its
// guests and the TCG plugins. rig runs from the build folder of a checkout or from the prefix of an
// installation, which may be moved as a whole.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct ShippedFiles {
    std::filesystem::path data; // has configs/ and kernel-patches/
    bool checkout = false;      // the program is in the build folder of a checkout
};

// The data of the running program: $RIG_DATA_DIR; else, if the program is in a Meson build folder,
// the nearest parent of that folder that has configs/ and kernel-patches/; else share/rig below the
// prefix that contains the program. FaultDomain::Host, naming the places, if none has both folders,
// or if RIG_DATA_DIR is set and has not.
Result<ShippedFiles> shipped_files();
// The same for the program at this absolute path; `data_dir` is the value of RIG_DATA_DIR, nullptr
// if it is not set.
Result<ShippedFiles> shipped_files(const std::filesystem::path& program, const char* data_dir);

// The folder of agents ("guest") or plugins ("plugin"): that of the build folder if it is there,
// else the one of the installation, whether it is there or not.
std::filesystem::path shipped_programs(std::string_view folder);
std::filesystem::path shipped_programs(std::string_view folder,
                                       const std::filesystem::path& program);

// A path of an experiment, suite or night: unchanged if it is absolute or exists below `top`, or if
// no shipped file has it; else the absolute path of the shipped file.
std::filesystem::path or_shipped(const std::filesystem::path& top,
                                 const std::filesystem::path& path);

// The words that start rig again from `top`: "./bootstrap" in a checkout, else "rig".
std::string own_command();
// How that command is told of `file`: relative to `top` in a checkout, else as an absolute path.
std::string own_argument(const std::filesystem::path& file, const std::filesystem::path& top);

} // namespace rig
