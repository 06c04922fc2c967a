// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/comparison.h"

#include <algorithm>

namespace rig {
namespace {

// Undecided with an estimate beyond the bound: too few boots must not turn a failure into a pass.
bool looks_broken(const ArmMetric& arm) {
    return arm.test && arm.change &&
           (arm.change->ratio.value > arm.test->high || arm.change->ratio.value < arm.test->low);
}

} // namespace

const char* words(Verdict verdict) {
    switch (verdict) {
    case Verdict::AsDeclared:
        return "as declared";
    case Verdict::Improved:
        return "improved";
    case Verdict::WithinBound:
        return "within bound";
    case Verdict::Unchanged:
        return "unchanged";
    case Verdict::Regressed:
        return "regressed";
    case Verdict::Broken:
        return "broken";
    case Verdict::Undecided:
        return "undecided";
    case Verdict::Inconclusive:
        return "inconclusive";
    case Verdict::NotJudged:
        return "no expectation";
    }
    return "no expectation";
}

bool ever_seen(const MetricResult& metric) {
    return std::any_of(metric.arms.begin(), metric.arms.end(),
                       [](const ArmMetric& arm) { return arm.spread && arm.spread->max > 0; });
}

bool doubtful(const ArmMetric& arm) {
    return looks_broken(arm) || arm.suspicious;
}

const MetricResult* Comparison::find(std::string_view metric) const {
    auto found = std::find_if(metrics.begin(), metrics.end(),
                              [&](const MetricResult& m) { return m.info.name == metric; });
    return found == metrics.end() ? nullptr : &*found;
}

} // namespace rig
