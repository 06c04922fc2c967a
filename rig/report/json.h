// SPDX-License-Identifier: GPL-2.0-or-later
// Renders the report as JSON: all numbers of the text report and the values of single boots behind
// them.
#pragma once

#include "rig/report/report.h"

#include <nlohmann/json_fwd.hpp>

namespace rig {

// Times are nanoseconds. A number that does not exist (an infinite ratio, an interval with too few
// boots) is null.
nlohmann::json render_json(const ReportInput& input);

} // namespace rig
