// SPDX-License-Identifier: GPL-2.0-or-later
// The part of a report about splats, and about the detectors that were enabled.
#pragma once

#include "rig/plan/schedule.h"
#include "rig/report/report.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

struct ReportLine {
    std::string text;
    std::size_t indent = 4; // of continuation lines
    // The column of the text after a label in a column of its own; 0: there is no label.
    std::size_t body = 0;
};

// At least one line, since the absence of splats is a result. It names the detectors that were
// enabled, since no others could have fired.
std::vector<ReportLine> splat_lines(const ReportInput& input);

// {"detectors": {arm: {option: "y" | "n" | "unknown"}}, "muted": {arm: [word of the command line]},
// "arms": [...]}
nlohmann::json splats_json(const ReportInput& input);

// The path of a boot's excerpts: "results/<run>/boots/0001-reviewed-0/splats.txt".
std::string excerpts_of(const ReportInput& input, const BootId& boot);

} // namespace rig
