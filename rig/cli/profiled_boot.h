// SPDX-License-Identifier: GPL-2.0-or-later
// `rig boot --profile`: what ran most in one boot.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <string>

namespace rig {

// For each window the functions and programs with most instructions, and the idle time. `evidence`
// is the boot's folder. Error: the profile is missing or damaged. A profile that must not be used
// is reported in place of the figures.
Result<std::string> profiled_boot_text(const std::filesystem::path& evidence);

} // namespace rig
