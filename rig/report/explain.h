// SPDX-License-Identifier: GPL-2.0-or-later
// Explains, step by step, in words and figures, how the verdicts on one metric came about. Text and
// JSON use the same steps.
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
    std::vector<ExplainedStep> steps; // in the order of the decision
    std::string verdict, why;
};
struct Explanation {
    std::string metric, label, run_dir;
    // Includes the baseline only if an expectation is declared for it.
    std::vector<ExplainedArm> arms;
};

// FaultDomain::Spec if the run has no such metric; the message lists those it has.
Result<Explanation> explain(const ReportInput& input, std::string_view metric);

std::string explain_text(const Explanation& explanation);
nlohmann::json explain_json(const Explanation& explanation);

} // namespace rig
