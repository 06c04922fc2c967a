// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/run_failures.h"

#include "rig/analysis/comparison.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace rig {
namespace {

constexpr const char* kSplat = "splat: ";
constexpr const char* kRun = "run: ";
constexpr const char* kRunBroken = "run: broken";

bool is_one_of(const MetricRecord& metric, std::initializer_list<Verdict> verdicts) {
    return std::any_of(verdicts.begin(), verdicts.end(),
                       [&](Verdict one) { return metric.verdict == words(one); });
}

bool is_fault(const SplatRecord& splat) {
    // A kind of another version of rig counts as no notice.
    const auto kind = splat_kind(splat.kind);
    return !splat.declared && !splat.followed && !(kind && is_notice(*kind));
}

std::string kind_of(const RunRecord& run) {
    if (run.state != "failed") return "broken";
    if (run.failure.empty()) return "no boot";
    RunRecord parsed;
    take_fault(run.failure, parsed); // run.json has it in the format of fault-N.txt
    return parsed.faults.front().kind;
}

} // namespace

std::vector<Failure> failures_of(const RunRecord& run) {
    if (!run.exit || *run.exit != static_cast<unsigned>(Exit::Fail)) return {};
    std::map<std::string, std::set<std::string>> arms;
    if (run.proven())
        for (const auto& metric : run.metrics)
            if (is_one_of(metric, {Verdict::Regressed, Verdict::Broken}))
                arms[metric.metric].insert(metric.arm);
    for (const auto& splat : run.splats)
        if (is_fault(splat)) arms[kSplat + splat.title].insert(splat.arm);
    if (run.state == "failed" || arms.empty()) arms[kRun + kind_of(run)];
    std::vector<Failure> out;
    for (const auto& [expectation, of] : arms)
        out.push_back({expectation, {of.begin(), of.end()}});
    return out;
}

Failure common(const Failure& failure, const std::vector<Failure>& others) {
    const auto other = std::find_if(others.begin(), others.end(), [&](const Failure& one) {
        return one.expectation == failure.expectation;
    });
    if (other == others.end()) return {};
    Failure out{failure.expectation, {}};
    std::set_intersection(failure.arms.begin(), failure.arms.end(), other->arms.begin(),
                          other->arms.end(), std::back_inserter(out.arms));
    return out.arms.empty() && !failure.arms.empty() ? Failure{} : out;
}

Failure without(const Failure& failure, const std::set<std::string>& arms) {
    auto out = failure;
    std::erase_if(out.arms, [&](const std::string& arm) { return arms.contains(arm); });
    return out.arms.empty() && !failure.arms.empty() ? Failure{} : out;
}

bool says_figures(const Failure& failure) {
    return !failure.expectation.starts_with(kSplat) &&
           (!failure.expectation.starts_with(kRun) || failure.expectation == kRunBroken);
}

bool holds(const Failure& failure, const RunRecord& run) {
    if (!run.proven()) return false;
    if (failure.expectation.starts_with(kSplat))
        return common(failure, failures_of(run)).expectation.empty();
    // A failure of an older version of rig, which recorded no expectation.
    if (failure.expectation.empty()) return run.exit == static_cast<unsigned>(Exit::Pass);
    if (failure.expectation.starts_with(kRun)) {
        const auto all = failures_of(run);
        return run.exit && (!all.empty() || *run.exit == static_cast<unsigned>(Exit::Pass)) &&
               common(failure, all).expectation.empty();
    }
    // 0 in every arm does not show a fix: nothing shows that the metric can be seen.
    const bool seen =
        std::any_of(run.metrics.begin(), run.metrics.end(), [&](const MetricRecord& metric) {
            return metric.metric == failure.expectation && metric.maximum.value_or(1) != 0;
        });
    return seen &&
           std::all_of(failure.arms.begin(), failure.arms.end(), [&](const std::string& arm) {
               return std::any_of(
                   run.metrics.begin(), run.metrics.end(), [&](const MetricRecord& metric) {
                       return metric.metric == failure.expectation && metric.arm == arm &&
                              is_one_of(metric, {Verdict::AsDeclared, Verdict::Improved,
                                                 Verdict::WithinBound, Verdict::Unchanged});
                   });
           });
}

std::string in_words(const Failure& failure) {
    return failure.arms.empty()
               ? failure.expectation
               : fmt::format("{} in {}", failure.expectation, fmt::join(failure.arms, ", "));
}

} // namespace rig
