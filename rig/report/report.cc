#include "rig/report/report.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace rig {
namespace {

// One row per function of the csd queue, other than the sync function: it has rows of its own.
std::vector<FunctionRow> function_rows(const Spec& spec, const std::vector<Sample>& samples) {
    std::map<std::string, double> totals;
    for (const auto& sample : samples)
        for (const auto& [function, calls] : sample.ipis_by_function)
            if (function != spec.target.sync_function) totals[function] += static_cast<double>(calls);
    std::vector<FunctionRow> rows;
    for (const auto& [function, total] : totals) {
        FunctionRow row{function, {}};
        for (const auto& arm : spec.arms) {
            std::vector<double> values;
            for (const auto& sample : samples) {
                if (sample.id.arm != arm.name) continue;
                auto calls = sample.ipis_by_function.find(function);
                values.push_back(calls == sample.ipis_by_function.end() ? 0 : static_cast<double>(calls->second));
            }
            if (values.empty()) {
                row.arms.push_back(std::nullopt);
                continue;
            }
            auto [low, high] = std::minmax_element(values.begin(), values.end());
            row.arms.push_back(Spread{*low, median(values).value(), *high});
        }
        rows.push_back(std::move(row));
    }
    std::stable_sort(rows.begin(), rows.end(), [&](const FunctionRow& a, const FunctionRow& b) {
        return totals.at(a.function) > totals.at(b.function);
    });
    return rows;
}

} // namespace

ReportInput assemble(const Spec& spec, const RunInfo& run, const std::vector<Sample>& samples,
                     std::vector<std::string> warnings, std::string run_dir) {
    static const KernelFacts unknown; // proves nothing
    auto facts = [&](const std::string& arm) -> const KernelFacts& {
        const auto* kernel = run.find_kernel(arm);
        return kernel ? kernel->facts : unknown;
    };
    std::vector<ArmProofs> proofs;
    for (const auto& arm : spec.arms) {
        ArmEvidence evidence{spec, arm, facts(arm.name), facts(spec.arms.front().name), samples};
        proofs.push_back({arm.name, prove(evidence)});
        for (auto& warning : clock_warnings(evidence))
            warnings.push_back(std::move(warning));
    }
    std::map<std::string, unsigned> strangers;
    for (const auto& sample : samples)
        if (!spec.find_arm(sample.id.arm)) ++strangers[sample.id.arm];
    for (const auto& [arm, boots] : strangers)
        warnings.push_back(fmt::format("{} boots of arm {} ignored: the experiment has no such arm", boots, arm));
    return {run, spec, compare(spec, samples, std::move(proofs)), function_rows(spec, samples), std::move(warnings),
            std::move(run_dir)};
}

} // namespace rig
