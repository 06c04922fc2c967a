// SPDX-License-Identifier: GPL-2.0-or-later
// A LineMap as JSON, as the cache and a run's folder keep it.
#pragma once

#include "rig/base/error.h"
#include "rig/base/json_reader.h"
#include "rig/kernel/line_map.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace rig {

// Of one map; a series that changes more is not one that a person posts.
inline constexpr std::size_t kMostLines = 1'000'000;

// Round-trips exactly, but for LineMap::from_cache. Addresses are hexadecimal texts: JSON's numbers
// do not hold them everywhere.
nlohmann::json to_json(const LineMap& map);
Result<LineMap> line_map_from_json(JsonReader reader);
// Errors are FaultDomain::Host, "FILE: what was found, want what".
Result<LineMap> line_map_from_json(std::string_view text, const std::string& file);

} // namespace rig
