// SPDX-License-Identifier: GPL-2.0-or-later
// Where the artefact cache may lie.
#pragma once

#include "rig/base/error.h"

#include <filesystem>

namespace rig {

// FaultDomain::Host if no kernel can be built below `root`: there is none (default_cache_dir() is
// empty for a user without a home), or the kernel's makefiles do not take its path. All that adds
// to the cache asks this first.
Status usable_cache(const std::filesystem::path& root);

} // namespace rig
