// SPDX-License-Identifier: GPL-2.0-or-later
// The part of every report that says what the kernels complained of, and which detectors could have
// made them complain.
#pragma once

#include "rig/plan/schedule.h"
#include "rig/report/report.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

struct ReportLine {
    std::string text;
    std::size_t indent = 4; // of its continuation
    std::size_t body =
        0; // where its text begins, behind a label in a column of its own; 0: it has none
};

// At least one line, since that there was nothing is worth saying; but "nothing" means no more than
// what was watched for.
std::vector<ReportLine> splat_lines(const ReportInput& input);

// {"detectors": {arm: {option: "y" | "n" | "unknown"}}, "muted": {arm: [word of the command line]},
// "arms": [...]}
nlohmann::json splats_json(const ReportInput& input);

// Where a boot's excerpts are: "results/<run>/boots/0001-reviewed-0/splats.txt".
std::string excerpts_of(const ReportInput& input, const BootId& boot);

} // namespace rig
