// SPDX-License-Identifier: GPL-2.0-or-later
// Renders a calibration as text and as JSON. Pure.
#pragma once

#include "rig/analysis/calibration.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rig {

std::string calibration_text(const Calibration& calibration);
nlohmann::json calibration_json(const Calibration& calibration);

} // namespace rig
