// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/doubts.h"

#include "rig/analysis/bound_tests.h"
#include "rig/analysis/target_checks.h"
#include "rig/guest_output/metric.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace rig {
namespace {

// If windows last as long as the calls take, a slow patch dilutes counts per boot and mean
// disturbances by its own slowness. The last call does not wait out its pace, so few iterations are
// as bad as no pace.
std::string unequal_windows(const Spec& spec) {
    constexpr unsigned enough = 5;
    if (spec.workload.pace_us == 0)
        return "workload.pace_us = 0: the arms are measured over windows of different length";
    if (spec.workload.iterations < enough)
        return fmt::format("workload.iterations = {}, want >= {}: the arms are measured over "
                           "windows of different length",
                           spec.workload.iterations, enough);
    return "";
}

// Detects the broadcast under another name: functions that the baseline never sends, together at
// least as often as an unpatched kernel sends its own.
std::string sent_instead(const ArmMetric& arm, const ArmMetric& base,
                         const std::vector<Sample>& samples) {
    if (!arm.spread || !base.spread || arm.spread->max >= base.spread->min) return "";
    std::set<std::string> known;
    for (const auto* boot : boots_of(samples, base.arm))
        for (const auto& [function, count] : boot->ipis_by_function)
            known.insert(function);
    for (const auto* boot : boots_of(samples, arm.arm)) {
        std::uint64_t others = 0;
        std::vector<std::string> names;
        for (const auto& [function, count] : boot->ipis_by_function)
            if (!known.contains(function)) others += count, names.push_back(function);
        if (others > 0 && others >= predicted_sync(*boot))
            return fmt::format("boot {} sends {} IPIs of {} instead, which {} never does",
                               boot->id.index, others, fmt::join(names, ", "), base.arm);
    }
    return "";
}

// A cost that fewer than half of the calls pay does not move the median. Example: a patch that
// waits in two of five runs of the target.
std::string paid_by_few(const ArmMetric& arm, const ArmMetric& base) {
    if (!arm.test || !arm.pooled || !base.pooled || base.pooled->mean <= 0) return "";
    const auto ratio = arm.pooled->mean / base.pooled->mean;
    if (ratio <= arm.test->high) return "";
    return fmt::format("the mean of all is ×{:.4g}, beyond the bound of ×{:.4g}: few of them pay "
                       "what the median over calls cannot show",
                       ratio, arm.test->high);
}

} // namespace

void doubt(MetricResult& metric, const std::function<std::string(ArmMetric& arm)>& why) {
    for (auto& arm : metric.arms) {
        const bool holds = arm.verdict == Verdict::AsDeclared || arm.verdict == Verdict::Improved ||
                           arm.verdict == Verdict::WithinBound || arm.verdict == Verdict::Unchanged;
        const std::string doubts = holds ? why(arm) : "";
        if (doubts.empty()) continue;
        arm.verdict = Verdict::Undecided;
        arm.why = doubts;
    }
}

void doubt_what_holds(const Spec& spec, const std::vector<Sample>& samples,
                      std::vector<MetricResult>& metrics) {
    for (auto& metric : metrics) {
        const auto& name = metric.info.name;
        const auto expect = std::find_if(spec.metrics.begin(), spec.metrics.end(),
                                         [&](const MetricSpec& m) { return m.name == name; });
        if (expect == spec.metrics.end() || metric.arms.empty()) continue;
        if (name == "call_latency" ||
            (expect->custom && (expect->custom->kind == CustomMetric::Kind::Latency ||
                                expect->custom->kind == CustomMetric::Kind::Timing)))
            doubt(metric, [&](const ArmMetric& arm) {
                const auto thin = thinly_exposed(spec, samples, arm.arm);
                return thin.empty() ? "" : thin + ": the median over calls cannot show it";
            });
        if (metric.info.per_boot == "median")
            doubt(metric,
                  [&](const ArmMetric& arm) { return paid_by_few(arm, metric.arms.front()); });
        if (bounds_a_ratio(*expect) &&
            (metric.info.unit == Unit::Count || name.starts_with("bystander_") ||
             name.starts_with("caller_bystander_")))
            doubt(metric, [&](const ArmMetric&) { return unequal_windows(spec); });
        if (name == "sync_ipis")
            doubt(metric, [&](ArmMetric& arm) {
                const auto instead = sent_instead(arm, metric.arms.front(), samples);
                arm.suspicious = !instead.empty();
                return instead;
            });
    }
}

} // namespace rig
