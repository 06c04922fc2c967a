// SPDX-License-Identifier: GPL-2.0-or-later
// The report for programs: every number of the text report and the boots' values behind it.
#pragma once

#include "rig/report/report.h"

#include <nlohmann/json_fwd.hpp>

namespace rig {

// Times in nanoseconds. A number that does not exist (an infinite ratio, an interval at too few
// boots) is null.
nlohmann::json render_json(const ReportInput& input);

} // namespace rig
