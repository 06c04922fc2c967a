// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/drift.h"

#include "rig/analysis/comparison.h"
#include "rig/guest_output/metric.h"
#include "rig/stats/rank_tests.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace rig {
namespace {

struct Halves {
    std::vector<double> first, second; // each boot divided by the median of its arm
};

// nullopt if a boot lacks the metric; its verdict reports that.
std::optional<Halves> halves_of(const std::string& metric,
                                const std::vector<const Sample*>& in_order,
                                const TargetSpec& target) {
    std::map<std::string, std::vector<double>> by_arm;
    std::vector<double> values;
    for (const auto* sample : in_order) {
        const auto value = metric_value(metric, *sample, target);
        if (!value) return std::nullopt;
        by_arm[sample->id.arm].push_back(*value);
        values.push_back(*value);
    }
    Halves halves;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto level = median(by_arm.at(in_order[i]->id.arm)).value();
        (i < values.size() / 2 ? halves.first : halves.second)
            .push_back(ratio_of(values[i], level));
    }
    return halves;
}

} // namespace

std::vector<std::string> drift_warnings(const Spec& spec, const std::vector<Sample>& samples) {
    std::vector<const Sample*> in_order;
    for (const auto& sample : samples)
        if (sample.run_clock == "wall" && spec.find_arm(sample.id.arm)) in_order.push_back(&sample);
    if (in_order.empty()) return {};
    std::stable_sort(in_order.begin(), in_order.end(),
                     [](const Sample* a, const Sample* b) { return a->id.order < b->id.order; });

    std::vector<MetricInfo> infos;
    std::vector<Halves> halves;
    for (const auto& info : metric_infos(spec.metrics))
        if (info.unit != Unit::Count)
            if (auto found = halves_of(info.name, in_order, spec.target); found)
                infos.push_back(info), halves.push_back(std::move(*found));
    if (infos.empty()) return {};
    const auto least =
        2 * min_p_mann_whitney(in_order.size() / 2, in_order.size() - in_order.size() / 2) *
        static_cast<double>(infos.size());
    if (in_order.size() < 2 || least > family_error)
        return {fmt::format("{} boots are too few to tell whether the host drifted (first half "
                            "against second, {} latencies and rates)",
                            in_order.size(), infos.size())};
    std::vector<double> p;
    for (const auto& one : halves)
        p.push_back(mann_whitney(one.second, one.first)->two_sided);
    const auto adjusted = holm(p);
    std::vector<std::string> warnings;
    for (std::size_t i = 0; i < infos.size(); ++i) {
        if (adjusted[i] > family_error) continue;
        const auto moved = shift_ratio(halves[i].second, halves[i].first).value();
        warnings.push_back(fmt::format(
            "the host drifted: {} in the second half of the boots is ×{:.4g} of that in the first "
            "(p {:.2g}, Holm {:.2g}, Cliff's delta {:+.2f}); "
            "intervals are wider for it",
            infos[i].name, moved.value, p[i], adjusted[i],
            cliffs_delta(halves[i].second, halves[i].first).value()));
    }
    return warnings;
}

} // namespace rig
