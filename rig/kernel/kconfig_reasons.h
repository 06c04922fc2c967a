// SPDX-License-Identifier: GPL-2.0-or-later
// Explains from a tree's Kconfig files why options do not have the requested values.
#pragma once

#include "rig/kernel/kernel_config.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace rig {

// A reason for each option in `lost`, all of which were requested: unmet dependencies and what set
// them, the other member of a choice, the type, the range, no prompt, or no such option. `values`
// are those of the final .config. Only Kconfig entries that all architectures share, and those in
// arch/`arch_folder`, are considered.
std::map<std::string, std::string> kconfig_reasons(const OptionRequests& requests,
                                                   const std::set<std::string>& lost,
                                                   const std::map<std::string, std::string>& values,
                                                   const std::filesystem::path& tree,
                                                   const std::string& arch_folder);

} // namespace rig
