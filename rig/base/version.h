// SPDX-License-Identifier: GPL-2.0-or-later
// Identifies this rig: its version, and the hash of its program file.
#pragma once

#include "rig/base/error.h"

#include <string>

namespace rig {

std::string rig_version();
// SHA-256 of the program file of this process; read once. FaultDomain::Host.
Result<std::string> own_sha256();

} // namespace rig
