// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/report.h"

#include "rig/analysis/bound_tests.h"
#include "rig/analysis/compare.h"
#include "rig/analysis/drift.h"
#include "rig/analysis/target_checks.h"
#include "rig/report/wording.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

namespace rig {
namespace {

using Functions = std::vector<std::string>;

// Functions of the csd queue, most frequent first. The sync function is not among them, since it
// has rows of its own.
Functions other_functions(const Spec& spec, const std::vector<Sample>& samples) {
    std::map<std::string, double> totals;
    for (const auto& sample : samples)
        for (const auto& [function, calls] : sample.ipis_by_function)
            if (function != spec.target.sync_function)
                totals[function] += static_cast<double>(calls);
    Functions functions;
    for (const auto& [function, total] : totals)
        functions.push_back(function);
    std::stable_sort(functions.begin(), functions.end(),
                     [&](const auto& a, const auto& b) { return totals.at(a) > totals.at(b); });
    return functions;
}

// The sum over `functions`, per boot.
FunctionRow row_of(std::string label, const Functions& functions, const Spec& spec,
                   const std::vector<Sample>& samples) {
    FunctionRow row{std::move(label), {}};
    for (const auto& arm : spec.arms) {
        std::vector<double> values;
        for (const auto& sample : samples) {
            if (sample.id.arm != arm.name) continue;
            values.push_back(0);
            for (const auto& function : functions)
                if (auto calls = sample.ipis_by_function.find(function);
                    calls != sample.ipis_by_function.end())
                    values.back() += static_cast<double>(calls->second);
        }
        if (values.empty()) {
            row.arms.push_back(std::nullopt);
            continue;
        }
        auto [low, high] = std::minmax_element(values.begin(), values.end());
        row.arms.push_back(Spread{*low, median(values).value(), *high});
    }
    return row;
}

// A bound far from the measured value holds whatever happens, so warn readers of "as declared".
std::vector<std::string> loose_bounds(const Spec& spec, const Comparison& comparison) {
    constexpr double loose = 10;
    std::vector<std::string> out;
    for (const auto& expect : spec.metrics) {
        const auto* metric = comparison.find(expect.name);
        if ((expect.kind != ExpectKind::AtMost && expect.kind != ExpectKind::NotWorse) || !metric)
            continue;
        const auto bound = bounds_of(expect).second;
        if (std::isinf(bound)) continue; // a rate has no upper bound
        for (const auto& arm : metric->arms)
            if ((arm.verdict == Verdict::AsDeclared || arm.verdict == Verdict::WithinBound) &&
                arm.change && arm.change->ratio.interval &&
                loose * std::max(1.0, arm.change->ratio.interval->high) <= bound)
                out.push_back(
                    fmt::format("{} in {}: the bound of ×{:.4g} is {} times what was measured or "
                                "more: it would have held after a rise of as much",
                                metric->info.label, arm.arm, bound, static_cast<unsigned>(loose)));
    }
    return out;
}

} // namespace

ReportInput assemble(const Spec& spec, const RunInfo& run, const std::vector<Sample>& samples,
                     std::vector<std::string> warnings, std::string run_dir, LineEvidence lines) {
    static const KernelFacts unknown; // the checks fail without facts
    auto facts = [&](const std::string& arm) -> const KernelFacts& {
        const auto* kernel = run.find_kernel(arm);
        return kernel ? kernel->facts : unknown;
    };
    lines.count_only = spec.guest.passes == Passes::Count;
    if (!run.failure.empty()) warnings.push_back("the run ended before its time: " + run.failure);
    warnings.insert(warnings.end(), run.source_warnings.begin(), run.source_warnings.end());
    std::vector<ArmChecks> checks;
    for (const auto& arm : spec.arms) {
        ArmEvidence evidence{spec,    arm,         facts(arm.name), facts(spec.arms.front().name),
                             samples, run.replays, &lines};
        checks.push_back({arm.name, prove(evidence)});
        for (auto& warning : clock_warnings(evidence))
            warnings.push_back(std::move(warning));
    }
    for (const auto& arm : spec.arms) {
        if (arm.cmdline != spec.arms.front().cmdline)
            warnings.push_back(fmt::format("{} boots with another command line than {}: '{}' "
                                           "against '{}'; what differs is not the patch alone",
                                           arm.name, spec.arms.front().name, arm.cmdline,
                                           spec.arms.front().cmdline));
        if (const auto& differs = facts(arm.name).config_differs; !differs.empty())
            warnings.push_back(
                fmt::format("{} is built with {} other options than {} (run.json: "
                            "config_differs{}); what differs is not the patch alone",
                            arm.name, differs.size(), spec.arms.front().name,
                            arm.options.empty() ? "" : "; set for it: " + options_text(arm)));
        if (spec.target.same_path) continue;
        if (const auto thin = thinly_exposed(spec, samples, arm.name); !thin.empty())
            warnings.push_back(fmt::format(
                "{}: {}: medians over calls are those of calls without it", arm.name, thin));
    }
    std::map<std::string, unsigned> strangers;
    for (const auto& sample : samples)
        if (!spec.find_arm(sample.id.arm)) ++strangers[sample.id.arm];
    for (const auto& [arm, boots] : strangers)
        warnings.push_back(
            fmt::format("{} boots of arm {} ignored: the experiment has no such arm", boots, arm));
    // Warm-up boots are part of the validity checks and their splats are judged, but their figures
    // are not.
    std::vector<Sample> measured;
    for (const auto& sample : samples)
        if (!is_warmup(spec, sample)) measured.push_back(sample);
    for (auto& warning : drift_warnings(spec, measured))
        warnings.push_back(std::move(warning));
    ReportInput input{
        run,
        spec,
        compare(spec, measured, std::move(checks), &samples, run.cpu_allocation.shared),
        {},
        {},
        std::move(warnings),
        std::move(run_dir),
        std::move(lines)};
    for (const auto& warning : run.cpu_allocation.warnings)
        input.warnings.push_back(warning);
    if (run.cpu_allocation.shared)
        input.warnings.push_back(
            "boots shared host CPUs with other boots (--share-cpus): times include what they "
            "waited for each other, and no bound on a time counts as held");
    else if (run.clock == "wall" && run.cpu_allocation.at_once > 1)
        input.warnings.push_back(fmt::format("{} boots ran at once, on CPUs of their own: they "
                                             "share the host's caches and memory all the same",
                                             run.cpu_allocation.at_once));
    for (auto& warning : loose_bounds(spec, input.comparison))
        input.warnings.push_back(std::move(warning));
    auto functions = other_functions(spec, measured);
    for (const auto& function : functions)
        input.functions.push_back(row_of(function, {function}, spec, measured));
    if (functions.size() > shown_functions) {
        functions.erase(functions.begin(), functions.begin() + shown_functions);
        input.rest =
            row_of(fmt::format("{} more functions", functions.size()), functions, spec, measured);
    }
    return input;
}

} // namespace rig
