// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/rows.h"

#include "rig/report/figures.h"
#include "rig/report/wording.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace rig {
namespace {

std::string cell(const ArmMetric& arm, Unit unit) {
    if (!arm.spread) return "-";
    auto text = spread_figure(*arm.spread, unit);
    // The baseline has no change column, so the mark of its expectation goes here.
    if (!arm.change && arm.verdict != Verdict::NotJudged)
        text += std::string(" ") + mark(arm.verdict);
    return text;
}

ReportRow metric_row(const MetricResult& metric, const std::string& label) {
    ReportRow row{label, {}, {}, true, &metric};
    for (const auto& arm : metric.arms) {
        row.cells.push_back(cell(arm, metric.info.unit));
        if (&arm == &metric.arms.front())
            row.changes.emplace_back();
        else if (arm.change)
            row.changes.push_back(change_figure(*arm.change, metric.info.unit) + "  " +
                                  verdict_figure(arm));
        else
            row.changes.push_back(
                arm.verdict == Verdict::NotJudged ? arm.why : verdict_figure(arm) + ": " + arm.why);
    }
    return row;
}

template<class Value>
ReportRow pooled_row(const MetricResult& metric, const char* what, Value value) {
    ReportRow row{fmt::format("  {} of all", what), {}, {}, false, nullptr};
    const auto& base = metric.arms.front().pooled;
    for (const auto& arm : metric.arms) {
        row.cells.push_back(arm.pooled ? figure(value(*arm.pooled), metric.info.unit) : "-");
        bool change = &arm != &metric.arms.front() && arm.pooled && base;
        row.changes.push_back(change ? factor(ratio_of(value(*arm.pooled), value(*base))) : "");
    }
    return row;
}

void function_rows(const ReportInput& input, std::vector<ReportRow>& rows) {
    auto add = [&](const FunctionRow& function) {
        ReportRow row{"  " + function.function, {}, {}, false, nullptr};
        for (const auto& arm : function.arms)
            row.cells.push_back(arm ? spread_figure(*arm, Unit::Count) : "-");
        rows.push_back(std::move(row));
    };
    for (std::size_t i = 0; i < std::min(input.functions.size(), shown_functions); ++i)
        add(input.functions[i]);
    if (input.rest) add(*input.rest);
}

} // namespace

std::vector<ReportRow> table_rows(const ReportInput& input) {
    std::vector<ReportRow> rows = {
        {"Counts per boot (count pass: every probe armed)", {}, {}, false, nullptr}};
    bool latencies = false;
    for (const auto& metric : input.comparison.metrics) {
        if (metric.arms.empty()) continue;
        const auto& info = metric.info;
        if (info.unit == Unit::PerSecond) continue; // after the latencies
        if (info.unit == Unit::Count) {
            rows.push_back(metric_row(metric, info.label));
            // These follow from other rows by arithmetic, so a change would be shown twice.
            if (info.name == "injections" || info.name == "predicted_sync") {
                rows.back().changes.assign(metric.arms.size(), "");
                rows.back().judged = false;
            }
            if (info.name == "other_ipis") function_rows(input, rows);
            continue;
        }
        if (!std::exchange(latencies, true))
            rows.push_back(
                {fmt::format(
                     "Latencies (latency pass: only the latencies' own probes; a call is {})",
                     call_of(input.spec.workload).name),
                 {},
                 {},
                 false,
                 nullptr});
        rows.push_back(metric_row(metric, fmt::format("{}, {}", info.label, info.per_boot)));
        if (info.per_boot != "median")
            rows.push_back(pooled_row(metric, "median", [](const Pooled& p) { return p.median; }));
        rows.push_back(pooled_row(metric, "p99", [](const Pooled& p) { return p.p99; }));
        rows.push_back(pooled_row(metric, "max", [](const Pooled& p) { return p.max; }));
    }
    if (input.spec.guest.passes == Passes::Count)
        rows.push_back({"Latencies and rates: not measured (guest.passes = \"count\")",
                        {},
                        {},
                        false,
                        nullptr});
    bool rates = false;
    for (const auto& metric : input.comparison.metrics) {
        if (metric.arms.empty() || metric.info.unit != Unit::PerSecond) continue;
        const auto caveat = rate_caveat(input.comparison, metric.info);
        if (!std::exchange(rates, true))
            rows.push_back({fmt::format("Rates (latency pass, per second of guest time; higher is "
                                        "better{}{})",
                                        caveat.empty() ? "" : "; ", caveat),
                            {},
                            {},
                            false,
                            nullptr});
        rows.push_back(metric_row(metric, metric.info.label));
    }
    return rows;
}

} // namespace rig
