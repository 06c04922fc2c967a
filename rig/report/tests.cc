// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/tests.h"

#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

json claim_json(const Claim& claim) {
    return {{"p", claim.p}, {"holm", claim.adjusted}};
}

// The claim with the smaller p-value, and what it says about the bound.
std::pair<const char*, const Claim*> nearest(const BoundTest& test) {
    if (test.worse.p < test.holds.p) return {"beyond", &test.worse};
    return {"kept", &test.holds};
}

} // namespace

std::string p_figure(double p) {
    return p == 0 ? "0" : p < 1e-3 ? fmt::format("{:.1e}", p) : fmt::format("{:.2g}", p);
}

const char* effect_name(const Change& change) {
    return change.paired ? "matched-pairs rank-biserial" : "Cliff's delta";
}

std::vector<ReportLine> test_lines(const ReportInput& input) {
    std::vector<ReportLine> lines;
    const auto& comparison = input.comparison;
    for (const auto& metric : comparison.metrics)
        for (const auto& arm : metric.arms) {
            if (!arm.test || !arm.change) continue;
            const auto& change = *arm.change;
            if (lines.empty())
                lines.push_back(
                    {fmt::format("Declared bounds: p of no change and effect ({}), p of the claim "
                                 "({}, {}) and Holm's over {}",
                                 effect_name(change),
                                 change.paired ? "Wilcoxon signed-rank" : "Mann-Whitney",
                                 change.no_change.exact ? "exact" : "normal approximation",
                                 arm.test->family),
                     2});
            const auto [what, claim] = nearest(*arm.test);
            lines.push_back(
                {fmt::format("  {}, {}: p {}, effect {}{:.2f}; {} {}: p {}, Holm {}",
                             metric.info.name, arm.arm, p_figure(change.no_change.two_sided),
                             change.effect < 0 ? "−" : "+", std::abs(change.effect), arm.declared,
                             what, p_figure(claim->p), p_figure(claim->adjusted)),
                 6});
        }
    return lines;
}

json test_json(const Change& change) {
    return {{"test", change.paired ? "Wilcoxon signed-rank" : "Mann-Whitney"},
            {"statistic", change.no_change.statistic},
            {"p", change.no_change.two_sided},
            {"exact", change.no_change.exact},
            {"effect", effect_name(change)},
            {"effect_size", change.effect}};
}

json test_json(const BoundTest& test) {
    json out = {{"high", nullptr},
                {"low", nullptr},
                {"worse", claim_json(test.worse)},
                {"holds", claim_json(test.holds)},
                {"better", claim_json(test.better)},
                {"least_p", test.min_p},
                {"family", test.family},
                {"family_error", family_error}};
    if (test.low > 0) out["low"] = test.low;
    if (std::isfinite(test.high)) out["high"] = test.high;
    return out;
}

} // namespace rig
