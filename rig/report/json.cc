// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/json.h"

#include "rig/report/changed_line_rows.h"
#include "rig/report/splats.h"
#include "rig/report/tests.h"
#include "rig/report/wording.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

// Raised when a key changes its meaning or is removed, not for new keys.
constexpr unsigned kReportFormat = 1;

json number(double value) {
    return std::isfinite(value) ? json(value) : json(nullptr);
}

const char* name(Direction direction) {
    switch (direction) {
    case Direction::Fell:
        return "fell";
    case Direction::Rose:
        return "rose";
    case Direction::Same:
        return "same";
    case Direction::Unclear:
        return "unclear";
    }
    return "unclear";
}

json to_json(const Estimate& estimate) {
    json out = {{"value", number(estimate.value)}, {"n", estimate.n}, {"interval", nullptr}};
    if (estimate.interval)
        out["interval"] = {{"low", number(estimate.interval->low)},
                           {"high", number(estimate.interval->high)},
                           {"coverage", estimate.interval->coverage}};
    else
        out["why_no_interval"] = estimate.why_not;
    return out;
}

json to_json(const std::optional<Spread>& spread) {
    if (!spread) return nullptr;
    return {{"min", spread->min}, {"median", spread->median}, {"max", spread->max}};
}

json to_json(const ArmMetric& arm) {
    json out = {{"arm", arm.arm},           {"over_boots", to_json(arm.spread)},
                {"pooled", nullptr},        {"change", nullptr},
                {"declared", arm.declared}, {"verdict", words(arm.verdict)},
                {"why", arm.why},           {"boots", json::array()}};
    for (const auto& boot : arm.boots)
        out["boots"].push_back({{"boot", boot.boot}, {"value", boot.value}});
    if (arm.pooled)
        out["pooled"] = {{"median", arm.pooled->median},
                         {"mean", arm.pooled->mean},
                         {"p99", arm.pooled->p99},
                         {"max", arm.pooled->max},
                         {"values", arm.pooled->values}};
    if (arm.change)
        out["change"] = {{"ratio", to_json(arm.change->ratio)},
                         {"difference", to_json(arm.change->difference)},
                         {"direction", name(arm.change->direction)},
                         {"test", test_json(*arm.change)}};
    out["bound_test"] = arm.test ? test_json(*arm.test) : json(nullptr);
    return out;
}

json metrics_json(const ReportInput& input) {
    json out = json::array();
    for (const auto& metric : input.comparison.metrics) {
        json one = {{"name", metric.info.name},
                    {"unit", unit_name(metric.info.unit)},
                    {"per_boot", metric.info.per_boot},
                    {"arms", json::array()}};
        if (metric.info.unit == Unit::PerSecond) one["better"] = "higher";
        if (const auto caveat = rate_caveat(input.comparison, metric.info); !caveat.empty())
            one["note"] = caveat;
        for (const auto& arm : metric.arms)
            one["arms"].push_back(to_json(arm));
        out.push_back(std::move(one));
    }
    return out;
}

json checks_json(const ReportInput& input) {
    json out = json::array();
    for (const auto& arm : input.comparison.checks)
        for (const auto& check : arm.checks)
            out.push_back({{"arm", arm.arm},
                           {"id", check.id},
                           {"claim", check.claim},
                           {"passed", check.passed},
                           {"found", check.found},
                           {"reason", check.reason}});
    return out;
}

json functions_json(const ReportInput& input) {
    json out = json::array();
    for (const auto& row : input.functions) {
        json arms = json::object();
        for (std::size_t i = 0; i < row.arms.size() && i < input.spec.arms.size(); ++i)
            arms[input.spec.arms[i].name] = to_json(row.arms[i]);
        out.push_back({{"function", row.function}, {"arms", std::move(arms)}});
    }
    return out;
}

} // namespace

json render_json(const ReportInput& input) {
    auto run = rig::to_json(input.run);
    run.erase("spec_text"); // it is in run.json
    const auto& comparison = input.comparison;
    json out{{"format", kReportFormat},
             {"experiment", input.spec.name},
             {"description", input.spec.description},
             {"run", std::move(run)},
             {"run_dir", input.run_dir},
             {"baseline", comparison.baseline},
             {"method", comparison.paired ? "paired by boot index" : "unpaired"},
             {"interval_coverage_wanted", wanted_coverage},
             {"corrected_across_metrics", true},
             {"family_error", family_error},
             {"warmup_boots", input.run.clock == "wall" ? input.spec.guest.warmup_boots : 0},
             {"metrics", metrics_json(input)},
             {"ipis_by_function", functions_json(input)},
             {"proofs", checks_json(input)},
             {"changed_lines", changed_lines_json(input)},
             {"splats", splats_json(input)},
             {"warnings", input.warnings},
             {"verdict",
              {{"exit", static_cast<int>(comparison.exit)},
               {"closing", comparison.closing},
               {"held", comparison.held},
               {"unseen", comparison.unseen},
               {"doubtful", comparison.doubtful},
               {"failed", comparison.failed},
               {"undecided", comparison.undecided},
               {"inconclusive", comparison.inconclusive}}}};
    if (input.spec.guest.passes == Passes::Count) out["not_measured"] = {"latencies", "rates"};
    return out;
}

} // namespace rig
