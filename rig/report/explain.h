// SPDX-License-Identifier: GPL-2.0-or-later
// How the verdicts on one metric came about, step by step, in words and figures; text and JSON from
// the same steps.
#pragma once

#include "rig/report/report.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct ExplainedStep {
    std::string id;   // "boots", "estimate"
    std::string text; // one paragraph
};
struct ExplainedArm {
    std::string arm;
    std::vector<ExplainedStep> steps; // in the order in which the verdict was reached
    std::string verdict, why;
};
struct Explanation {
    std::string metric, label, run_dir;
    std::vector<ExplainedArm> arms; // the baseline only where something is declared for it
};

// FaultDomain::Spec if the run has no such metric; the message names those it has.
Result<Explanation> explain(const ReportInput& input, std::string_view metric);

std::string explain_text(const Explanation& explanation);
nlohmann::json explain_json(const Explanation& explanation);

} // namespace rig
