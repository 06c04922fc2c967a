// SPDX-License-Identifier: GPL-2.0-or-later
// The limit of open files. If it is too low, any file may fail to open and then looks missing or
// empty. Therefore it is checked once, before anything is read.
#pragma once

#include "rig/base/error.h"

namespace rig {

// A boot has about 20 files open at most, and fetching a source about as many.
inline constexpr unsigned kLeastOpenFiles = 64;

// Raises the soft limit to `least` if the hard limit allows it. Otherwise FaultDomain::Host, naming
// the limits.
Status enough_open_files(unsigned least = kLeastOpenFiles);

} // namespace rig
