// SPDX-License-Identifier: GPL-2.0-or-later
// Why options are not as they were asked for: what their entries in a tree's Kconfig files tell.
#pragma once

#include "rig/kernel/kernel_config.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace rig {

// For each of the options in `lost`, all of them requested: unmet dependencies with who set what
// they depend on, the choice's other member, the type, the range, no prompt, or no such option.
// `values`: of the final .config. Entries of the architecture with this folder in arch/ and of all.
std::map<std::string, std::string> kconfig_reasons(const OptionRequests& requests,
                                                   const std::set<std::string>& lost,
                                                   const std::map<std::string, std::string>& values,
                                                   const std::filesystem::path& tree,
                                                   const std::string& arch_folder);

} // namespace rig
