// SPDX-License-Identifier: GPL-2.0-or-later
// Comma-separated values (RFC 4180: a header line, lines end with CR LF, fields with a comma, a
// quote or a line break are quoted). Numbers are written so that they are read back exactly. Pure.
#pragma once

#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

// One row per boot and metric: "arm,boot,seed,order,judged,metric,unit,value". unit is "ns" or
// "count"; judged is "no" for warm-up boots, whose figures no verdict is made of. value is empty
// where the boot does not hold the metric: that is not 0.
std::string render_csv(const ReportInput& input, const std::vector<Sample>& samples);

// One row per single value behind a latency: "arm,boot,metric,unit,index,value", in the order
// measured.
std::string render_csv_raw(const ReportInput& input, const std::vector<Sample>& samples);

std::string csv_field(std::string_view text);

} // namespace rig
