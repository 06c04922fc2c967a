// SPDX-License-Identifier: GPL-2.0-or-later
// Checks the path of the artefact cache.
#pragma once

#include "rig/base/error.h"

#include <filesystem>

namespace rig {

// FaultDomain::Host if no kernel can be built below `root`: because it is empty
// (default_cache_dir() is empty for a user without a home), or because the kernel's makefiles do
// not accept its path. Call this before anything is added to the cache.
Status usable_cache(const std::filesystem::path& root);

} // namespace rig
