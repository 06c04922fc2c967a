// SPDX-License-Identifier: GPL-2.0-or-later
// Comma-separated values (RFC 4180: a header line; lines end with CR LF; fields with a comma, a
// quote or a line break are quoted). Numbers round-trip exactly. Pure.
#pragma once

#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

// One row per boot and metric: "arm,boot,seed,order,judged,metric,unit,value". unit is "ns" or
// "count". judged is "no" for warm-up boots, whose figures no verdict uses. value is empty if the
// boot lacks the metric, which is not 0.
std::string render_csv(const ReportInput& input, const std::vector<Sample>& samples);

// One row per single value of a latency: "arm,boot,metric,unit,index,value", in the order of
// measurement.
std::string render_csv_raw(const ReportInput& input, const std::vector<Sample>& samples);

std::string csv_field(std::string_view text);

} // namespace rig
