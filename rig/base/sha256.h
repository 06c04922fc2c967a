// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256 of bytes and files, as 64 lower-case hexadecimal digits. A file that cannot be read is
// FaultDomain::Host.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace rig {

std::string sha256_hex(std::string_view data);
Result<std::string> sha256_file(const std::filesystem::path& file);

} // namespace rig
