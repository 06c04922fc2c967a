// SPDX-License-Identifier: GPL-2.0-or-later
// Writes a quilt folder.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

// "0002-mm-free-the-page.patch": the number and, as `git format-patch` does it, up to 52 letters of
// the title. Only [A-Za-z0-9._-]: a line of a series file ends its name at a blank. Pure.
std::string patch_file_name(std::size_t number, std::string_view title);

// Writes the files (name, content) and `series`, which names them in this order and says where they
// come from. The folder appears as a whole or not at all. FaultDomain::Spec if there is a folder
// with anything in it that this function did not write; one that it wrote is replaced.
Status write_series_folder(const std::filesystem::path& folder,
                           const std::vector<std::pair<std::string, std::string>>& files,
                           const std::string& origin);

} // namespace rig
