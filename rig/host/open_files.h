// SPDX-License-Identifier: GPL-2.0-or-later
// How many files this process may have open. Where that does not do, any file fails to open
// somewhere, and reads as missing or as empty: it is looked at once, before anything is read.
#pragma once

#include "rig/base/error.h"

namespace rig {

// A boot takes about 20 at its height, a fetched source about as many.
inline constexpr unsigned kLeastOpenFiles = 64;

// Raises the soft limit to `least` where the hard one allows it. FaultDomain::Host naming the limit
// where it does not.
Status enough_open_files(unsigned least = kLeastOpenFiles);

} // namespace rig
