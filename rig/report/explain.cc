// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/explain.h"

#include "rig/analysis/bound_tests.h"
#include "rig/base/text.h"
#include "rig/plan/count_keys.h"
#include "rig/report/figures.h"
#include "rig/report/tests.h"
#include "rig/report/wording.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

constexpr std::size_t width = 100;

std::string figures(const std::vector<double>& values, Unit unit) {
    std::vector<std::string> out;
    for (double value : values)
        out.push_back(figure(value, unit));
    return fmt::format("{}", fmt::join(out, ", "));
}

std::string values_of(const ArmMetric& arm, Unit unit) {
    std::vector<double> values;
    for (const auto& boot : arm.boots)
        values.push_back(boot.value);
    return values.empty() ? "none" : figures(values, unit);
}

const MetricSpec* declaration(const ReportInput& input, std::string_view metric) {
    for (const auto& one : input.spec.metrics)
        if (one.name == metric) return &one;
    return nullptr;
}

class ArmStory {
 public:
    ArmStory(const ReportInput& input, const MetricResult& metric, const ArmMetric& arm)
        : input_(input), metric_(metric), arm_(arm), base_(metric.arms.front()),
          unit_(metric.info.unit), expect_(declaration(input, metric.info.name)) {}

    ExplainedArm tell() {
        checks();
        boots();
        if (arm_.change) {
            estimate();
            no_change();
        }
        if (const auto caveat = rate_caveat(input_.comparison, metric_.info); !caveat.empty())
            add("clock", caveat);
        if (metric_.info.name == kFailedChecks)
            add("declared", fmt::format("exactly 0: workload.check says of each pass whether the "
                                        "operation did its work; {}",
                                        arm_.why.empty() ? "it did" : arm_.why));
        else if (!expect_ || expect_->kind == ExpectKind::Report)
            add("declared", "nothing is declared for this metric: it is shown only");
        else if (expect_->kind == ExpectKind::Exactly)
            exactly();
        else if (arm_.test)
            bound();
        out_.arm = arm_.arm;
        out_.verdict = words(arm_.verdict);
        out_.why = arm_.why;
        return std::move(out_);
    }

 private:
    void add(const char* id, std::string text) { out_.steps.push_back({id, std::move(text)}); }

    void checks() {
        std::vector<std::string> held, failed;
        for (const auto& arm : input_.comparison.checks) {
            const auto good = std::count_if(arm.checks.begin(), arm.checks.end(),
                                            [](const ValidityCheck& p) { return p.passed; });
            held.push_back(
                fmt::format("{} of {} validity checks in {}", good, arm.checks.size(), arm.arm));
            for (const auto& check : arm.checks)
                if (!check.passed)
                    failed.push_back(fmt::format("{} in {} ({})", check.id, arm.arm, check.found));
        }
        auto text = fmt::format("{} passed", fmt::join(held, ", "));
        if (!failed.empty())
            text += fmt::format("; failed: {}: figures are shown, no verdict is given",
                                fmt::join(failed, "; "));
        add("checks", std::move(text));
    }

    void boots() {
        const auto per_boot = metric_.info.per_boot.empty()
                                  ? std::string("the count of each boot")
                                  : "each boot's " + metric_.info.per_boot;
        add("boots", fmt::format("the boot is the sampling unit; its number is {}. {}: {}",
                                 per_boot, arm_.arm, values_of(arm_, unit_)) +
                         (&arm_ == &base_ ? ""
                                          : fmt::format(". {} (baseline): {}", base_.arm,
                                                        values_of(base_, unit_))));
    }

    void estimate() {
        const auto& change = *arm_.change;
        std::string text;
        if (change.paired) {
            const auto pairs = contrast(arm_, base_, true);
            std::vector<double> differences;
            for (std::size_t i = 0; i < pairs.values.size(); ++i)
                differences.push_back(pairs.values[i] - pairs.base[i]);
            text = fmt::format("boots of one index share a perturbation seed: {} pairs, "
                               "differences {}; the estimate is the median over pairs",
                               pairs.values.size(), figures(differences, unit_));
        } else {
            text = fmt::format("two independent samples of {} and {}: the estimate is Hodges and "
                               "Lehmann's, the median over all pairs of boots",
                               arm_.boots.size(), base_.boots.size());
        }
        text += fmt::format(": ratio {}", factor(change.ratio.value));
        if (const auto& interval = change.ratio.interval)
            text += fmt::format(" [{}, {}], difference {} [{}, {}]; these intervals cover the true "
                                "value with at least {:.1f} % whatever the distribution",
                                factor(interval->low), factor(interval->high),
                                figure(change.difference.value, unit_),
                                figure(change.difference.interval->low, unit_),
                                figure(change.difference.interval->high, unit_),
                                100 * interval->coverage);
        else
            text += "; " + change.ratio.why_not;
        add("estimate", std::move(text));
    }

    void no_change() {
        const auto& change = *arm_.change;
        const auto& test = change.no_change;
        add("no_change",
            fmt::format("{}, {}: {} = {:g} of {:g}{}; p = {} (two-sided) if nothing had changed; "
                        "effect ({}) {:+.2f} on a scale from −1, lower in every "
                        "boot, to +1",
                        change.paired ? "Wilcoxon's signed-rank test" : "Mann and Whitney's test",
                        test.exact ? "exact" : "normal approximation", change.paired ? "W+" : "U",
                        test.statistic, test.most,
                        test.zeros ? fmt::format(", {} differences of zero left out", test.zeros)
                                   : "",
                        p_figure(test.two_sided), effect_name(change), change.effect));
    }

    void exactly() {
        if (arm_.declared.empty()) return add("declared", "nothing is declared for this arm");
        add("declared",
            fmt::format(
                "{}, in every boot; no test and no interval: one boot with another value breaks it",
                arm_.declared));
        const auto wanted = expect_->exactly.find(arm_.arm);
        if (wanted != expect_->exactly.end() && std::holds_alternative<Predicted>(wanted->second))
            if (const auto* predicted = input_.comparison.find("predicted_sync"))
                for (const auto& one : predicted->arms)
                    if (one.arm == arm_.arm)
                        add("predicted", fmt::format("injections × (online CPUs − 1), or hits of "
                                                     "the target where faults are off: {}",
                                                     values_of(one, Unit::Count)));
        add("compared", arm_.verdict == Verdict::AsDeclared
                            ? fmt::format("{} of {} boots have the declared value",
                                          arm_.boots.size(), arm_.boots.size())
                            : arm_.why);
    }

    // Where the interval must lie.
    std::string wanted(const BoundTest& test) const {
        if (std::isinf(test.high))
            return fmt::format("{} ×{:g}",
                               expect_->kind == ExpectKind::Rises && test.low == 1 ? "above"
                                                                                   : "at or above",
                               test.low);
        if (test.low > 0) return fmt::format("between ×{:g} and ×{:g}", test.low, test.high);
        return expect_->kind == ExpectKind::Falls ? std::string("below ×1")
                                                  : fmt::format("at or below ×{:g}", test.high);
    }

    void bound() {
        const auto& test = *arm_.test;
        add("declared",
            fmt::format("{}: the ratio's interval must lie {}", arm_.declared, wanted(test)));
        add("bound",
            fmt::format("the same rank test against the bound: p = {} that a figure "
                        "beyond ×{:g} came by chance, p = {} that keeping the "
                        "bound did; no p is below "
                        "{} at this number of boots",
                        p_figure(test.worse.p), test.higher_is_better ? test.low : test.high,
                        p_figure(test.holds.p), p_figure(test.min_p)));
        add("holm",
            fmt::format("{} bounds are declared in this run; corrected for that (Holm): beyond {}, "
                        "kept {}, better {}; a claim needs at most {:g}",
                        test.family, p_figure(test.worse.adjusted), p_figure(test.holds.adjusted),
                        p_figure(test.better.adjusted), family_error));
    }

    const ReportInput& input_;
    const MetricResult& metric_;
    const ArmMetric &arm_, &base_;
    Unit unit_;
    const MetricSpec* expect_;
    ExplainedArm out_;
};

} // namespace

Result<Explanation> explain(const ReportInput& input, std::string_view metric) {
    const auto* found = input.comparison.find(metric);
    if (!found || found->arms.empty()) {
        std::vector<std::string> names;
        for (const auto& one : input.comparison.metrics)
            names.push_back(one.info.name);
        return fail(FaultDomain::Spec, fmt::format("no metric '{}' in this run, accepted: {}",
                                                   metric, fmt::join(names, ", ")));
    }
    Explanation out{std::string(metric), found->info.label, input.run_dir, {}};
    for (const auto& arm : found->arms)
        if (&arm != &found->arms.front() || arm.verdict != Verdict::NotJudged ||
            found->arms.size() == 1)
            out.arms.push_back(ArmStory(input, *found, arm).tell());
    return out;
}

std::string explain_text(const Explanation& explanation) {
    std::string out = wrapped(printable(fmt::format("{} ({}) in {}", explanation.metric,
                                                    explanation.label, explanation.run_dir)),
                              width, 2) +
                      "\n";
    for (const auto& arm : explanation.arms) {
        out += "\n" + printable(arm.arm) + "\n";
        std::size_t number = 0;
        for (const auto& step : arm.steps)
            out += wrapped(printable(fmt::format("  {}. {} {}", ++number, padded(step.id, 10),
                                                 step.text)),
                           width, 16) +
                   "\n";
        out += wrapped(printable(fmt::format("  => {}{}{}", arm.verdict,
                                             arm.why.empty() ? "" : ": ", arm.why)),
                       width, 5) +
               "\n";
    }
    return out;
}

nlohmann::json explain_json(const Explanation& explanation) {
    nlohmann::json out = {{"metric", explanation.metric},
                          {"label", explanation.label},
                          {"run_dir", explanation.run_dir},
                          {"arms", nlohmann::json::array()}};
    for (const auto& arm : explanation.arms) {
        nlohmann::json steps = nlohmann::json::array();
        for (const auto& step : arm.steps)
            steps.push_back({{"id", step.id}, {"text", step.text}});
        out["arms"].push_back({{"arm", arm.arm},
                               {"steps", std::move(steps)},
                               {"verdict", arm.verdict},
                               {"why", arm.why}});
    }
    return out;
}

} // namespace rig
