// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/checks.h"

#include "rig/base/text.h"
#include "rig/report/figures.h"
#include "rig/report/wording.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

bool all_checks_passed(const ReportInput& input) {
    const auto& checks = input.comparison.checks;
    return std::all_of(input.spec.arms.begin(), input.spec.arms.end(), [&](const Arm& arm) {
        return std::any_of(checks.begin(), checks.end(),
                           [&](const ArmChecks& p) { return p.arm == arm.name && p.all_pass(); });
    });
}

CheckGroup whole_run(const ReportInput& input) {
    const auto exit = input.comparison.exit;
    const auto& run = input.run;
    Check verdict{CheckKind::Verdict,
                  "verdict",
                  exit == Exit::Pass   ? CheckOutcome::Held
                  : exit == Exit::Fail ? CheckOutcome::Broken
                                       : CheckOutcome::Unproven,
                  input.comparison.closing,
                  {input.comparison.closing}};
    for (const auto& warning : input.warnings)
        verdict.details.push_back("warning: " + warning);
    Check completed{CheckKind::Completed, "completed", CheckOutcome::Held, "", {}};
    if (!run.failure.empty()) {
        completed.outcome = run.failure.starts_with(name(FaultDomain::Kernel))
                                ? CheckOutcome::Broken
                                : CheckOutcome::Unproven;
        completed.why = "ended before its time: " + run.failure;
    } else if (run.ended.empty()) {
        completed.outcome = CheckOutcome::Unproven;
        completed.why = "interrupted, or still going on: this is a part of the run";
    }
    return {"", {std::move(verdict), std::move(completed)}};
}

CheckOutcome outcome_of(const MetricResult& metric, const ArmMetric& arm) {
    switch (arm.verdict) {
    case Verdict::AsDeclared:
    case Verdict::Improved:
    case Verdict::WithinBound:
    case Verdict::Unchanged:
        return ever_seen(metric) ? CheckOutcome::Held : CheckOutcome::Unseen;
    case Verdict::Regressed:
    case Verdict::Broken:
        return CheckOutcome::Broken;
    case Verdict::Undecided:
        return doubtful(arm) ? CheckOutcome::Doubtful : CheckOutcome::Undecided;
    case Verdict::Inconclusive:
        return arm.boots.empty() ? CheckOutcome::NotRun : CheckOutcome::Unproven;
    case Verdict::NotJudged:
        break;
    }
    return CheckOutcome::NotJudged;
}

std::optional<Check> expectation(const MetricResult& metric, const ArmMetric& arm,
                                 const Comparison& comparison) {
    // Not a check: a figure next to those of the other arms.
    if (arm.verdict == Verdict::NotJudged && !arm.change) return std::nullopt;
    Check check{CheckKind::Expectation, metric.info.name, outcome_of(metric, arm), "", {}};
    check.why = arm.verdict == Verdict::NotJudged ? verdict_figure(arm) : words(arm.verdict);
    if (check.outcome == CheckOutcome::Unseen)
        check.why += ", but 0 in every arm: nothing shows that it can be seen";
    if (!arm.why.empty()) check.why += ": " + arm.why;
    check.details.push_back(side_by_side(metric));
    if (const auto caveat = rate_caveat(comparison, metric.info); !caveat.empty())
        check.details.push_back(caveat);
    if (arm.change)
        check.details.push_back(fmt::format("change against {}: {}", comparison.baseline,
                                            change_figure(*arm.change, metric.info.unit)));
    if (!arm.declared.empty())
        check.details.push_back(fmt::format("declared: {}; {}", arm.declared, words(arm.verdict)));
    return check;
}

Check splats(const ArmSplats& arm, bool proven) {
    Check check{CheckKind::Splats,
                "splats",
                CheckOutcome::Held,
                words(arm.verdict),
                {fmt::format("{}, in {} boots", words(arm.verdict), arm.boots)}};
    switch (arm.verdict) {
    case SplatVerdict::Clean:
        check.outcome = arm.boots == 0 ? CheckOutcome::NotRun
                        : proven       ? CheckOutcome::Held
                                       : CheckOutcome::Unproven;
        break;
    case SplatVerdict::AsDeclared:
        check.outcome = proven ? CheckOutcome::Held : CheckOutcome::Unproven;
        break;
    case SplatVerdict::Splatted:
        check.outcome = CheckOutcome::Broken;
        break;
    case SplatVerdict::Silent:
        check.outcome = proven ? CheckOutcome::Broken : CheckOutcome::Unproven;
        break;
    }
    if (check.outcome == CheckOutcome::Unproven)
        check.why += "; a validity check failed, and a line that never ran cannot splat";
    for (const auto* list : {&arm.splats, &arm.notices})
        for (const auto& splat : *list)
            check.details.push_back(
                fmt::format("{}: {} times in {} of {} boots{}{}{}", in_words(splat), splat.count,
                            splat.boots, arm.boots, splat.declared ? "; declared" : "",
                            splat.followed ? "; after the declared one, no verdict" : "",
                            list == &arm.notices ? "; a notice, no verdict" : ""));
    if (arm.further)
        check.details.push_back(fmt::format("{} more, of kinds that found no room", arm.further));
    if (!arm.silent.empty())
        check.details.push_back(
            fmt::format("without the declared one: boots {}", fmt::join(arm.silent, ", ")));
    return check;
}

Check attempt(const FaultRecord& fault) {
    const auto outcome = fault.fault_domain == FaultDomain::Kernel ? CheckOutcome::Broken
                         : fault.fault_domain != FaultDomain::Host ? CheckOutcome::Unproven
                         : fault.made_again                        ? CheckOutcome::MadeAgain
                                                                   : CheckOutcome::Missed;
    return {CheckKind::Attempt,
            fmt::format("boot.{}.attempt-{}", fault.folder, fault.attempt),
            outcome,
            fmt::format("{} fault, {}: {}{}", name(fault.fault_domain), fault.kind, fault.message,
                        fault.made_again ? " (the boot was retried)" : ""),
            {}};
}

} // namespace

bool failing(CheckOutcome outcome) {
    return outcome == CheckOutcome::Broken || outcome == CheckOutcome::Unproven ||
           outcome == CheckOutcome::Missed || outcome == CheckOutcome::Doubtful;
}

std::vector<CheckGroup> checks_of(const ReportInput& input,
                                  const std::vector<FaultRecord>& faults) {
    std::vector<CheckGroup> groups{whole_run(input)};
    const bool proven = all_checks_passed(input);
    for (const auto& arm : input.spec.arms) {
        auto& group = groups.emplace_back(CheckGroup{arm.name, {}});
        for (const auto& set : input.comparison.checks)
            if (set.arm == arm.name)
                for (const auto& check : set.checks)
                    group.checks.push_back(
                        {CheckKind::ValidityCheck,
                         "proof." + check.id,
                         check.passed ? CheckOutcome::Held : CheckOutcome::Unproven,
                         check.passed
                             ? check.claim
                             : check.found + (check.reason.empty() ? "" : "; " + check.reason),
                         {check.claim + ": " + check.found}});
        for (const auto& metric : input.comparison.metrics)
            for (const auto& one : metric.arms)
                if (one.arm == arm.name)
                    if (auto check = expectation(metric, one, input.comparison))
                        group.checks.push_back(std::move(*check));
        for (const auto& set : input.comparison.splats)
            if (set.arm == arm.name) group.checks.push_back(splats(set, proven));
        for (const auto& fault : faults)
            if (fault.arm == arm.name) group.checks.push_back(attempt(fault));
    }
    for (auto& group : groups)
        for (auto& check : group.checks)
            if (failing(check.outcome))
                if (const auto faults_said =
                        injected_faults(input, group.name, check.kind == CheckKind::Attempt);
                    !faults_said.empty())
                    check.why += (check.why.empty() ? "" : "; ") + faults_said;
    return groups;
}

std::string side_by_side(const MetricResult& metric) {
    std::vector<std::string> arms;
    for (const auto& arm : metric.arms)
        arms.push_back(arm.arm + " " +
                       (arm.spread ? spread_figure(*arm.spread, metric.info.unit) : arm.why));
    return fmt::format(
        "{}{}", fmt::join(arms, ", "),
        metric.info.per_boot.empty()
            ? ""
            : fmt::format(" ({} of a boot; median over boots)", metric.info.per_boot));
}

std::string clean_line(std::string_view text) {
    using nlohmann::json;
    // Uses the JSON library's validation of UTF-8.
    return printable(json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace))
                         .get<std::string>());
}

} // namespace rig
