// SPDX-License-Identifier: GPL-2.0-or-later
// Renders the result of a suite as text and as JSON. Pure.
#pragma once

#include "rig/report/suite_result.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rig {

std::string suite_text(const SuiteResult& result, bool colour);
nlohmann::json suite_json(const SuiteResult& result);

} // namespace rig
