// SPDX-License-Identifier: GPL-2.0-or-later
// The tests behind the verdicts on bounds: p-values with effect sizes, and the result of the
// correction for the number of comparisons.
#pragma once

#include "rig/report/splats.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

// "0.0039", "3.1e-05": two significant digits, never rounded to 0.
std::string p_figure(double p);
// "matched-pairs rank-biserial" or "Cliff's delta".
const char* effect_name(const Change& change);

// Empty if no bound is declared or nothing was measured.
std::vector<ReportLine> test_lines(const ReportInput& input);

nlohmann::json
test_json(const Change& change); // {"test", "statistic", "p", "exact", "effect", "effect_size"}
nlohmann::json
test_json(const BoundTest& test); // {"low", "high", "worse": {"p", "holm"}, ..., "family"}

} // namespace rig
