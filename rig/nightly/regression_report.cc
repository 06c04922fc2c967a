// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/regression_report.h"

#include "rig/base/text.h"
#include "rig/report/figures.h"
#include "rig/report/mail.h"
#include "rig/report/wording.h"
#include "rig/run_index/trend.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

std::string mail_line(const std::string& text, std::size_t indent = 2) {
    return wrapped(printable(text), kMailColumns, indent) + "\n";
}

std::string interval(const MetricRecord& metric) {
    if (!metric.ratio) return "";
    auto text = ", " + factor(*metric.ratio);
    if (metric.ratio_low && metric.ratio_high)
        text += fmt::format(" [{}, {}]", factor(*metric.ratio_low), factor(*metric.ratio_high));
    return text + " against the first arm";
}

// Whether the text is a commit or the abbreviation of one.
bool is_commit_id(std::string_view text) {
    return text.size() >= 12 && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The commit of a candidate "0123456789ab subject"; "" if it is a patch.
std::string commit_named(const std::string& candidate) {
    const auto id = candidate.substr(0, candidate.find(' '));
    return is_commit_id(id) ? id : "";
}

bool is_range(const Span& span) {
    return is_commit_id(span.good) && is_commit_id(span.bad) && span.good != span.bad;
}

} // namespace

SeenIn seen_in(const RunRecord& run, const std::string& expectation,
               const std::vector<std::string>& arms) {
    SeenIn seen;
    seen.command = run.command;
    std::vector<std::string> injected;
    bool is_known = false;
    for (const auto& metric : run.metrics) {
        const auto unit = unit_named(metric.unit);
        is_known = is_known || (metric.metric == "injections" && metric.median);
        if (metric.metric == "injections" && metric.median.value_or(0) > 0)
            injected.push_back(
                fmt::format("{} a boot in {}", figure(*metric.median, unit), metric.arm));
        if (metric.metric != expectation || !metric.median ||
            std::find(arms.begin(), arms.end(), metric.arm) == arms.end())
            continue;
        seen.figures.push_back(
            fmt::format("{}: {}{}{}{}", metric.arm, figure(*metric.median, unit), interval(metric),
                        metric.declared.empty() ? "" : "; declared: " + metric.declared,
                        metric.why.empty() ? "" : "; " + metric.why));
    }
    if (is_known)
        seen.injected = injected.empty() ? kNoFaults : fmt::format("{}", fmt::join(injected, ", "));
    return seen;
}

std::string regzbot_line(const Culprit& cause) {
    if (cause.found && cause.candidates.size() == 1) {
        const auto commit = commit_named(cause.candidates.front());
        return commit.empty() ? "" : "#regzbot introduced: " + commit;
    }
    // A robot takes the range for the cause: not if something else changed too, or if a bisection
    // did not find the cause in it.
    if (!is_range(cause.span) || !cause.span.also.empty()) return "";
    if (!cause.found && !cause.why_not.empty()) return "";
    return fmt::format("#regzbot introduced: {}..{}", cause.span.good, cause.span.bad);
}

std::string regression_report(const Incident& incident) {
    if (!incident.is_regression() || !incident.is_open()) return "";
    const auto& cause = incident.cause;
    const auto& span = cause.span;
    const auto what = incident.metric.empty() ? in_words(incident.failure())
                                              : incident.metric + " " + incident.direction;
    std::string text = "-- report, to be pasted into a mail --\n";
    text += mail_line(fmt::format("[REGRESSION] {} in {}", what, incident.cell), 4);
    text += "\n" + mail_line("rig, an A/B test rig for kernel patches, boots this experiment every "
                             "night, and saw in two runs:",
                             0);
    for (const auto& level : incident.levels) {
        const auto unit = unit_named(incident.unit);
        text +=
            mail_line(fmt::format("  {} {}: {}, was {} (runs before: {} to {})", incident.metric,
                                  level.arm, figure(level.after, unit), figure(level.before, unit),
                                  figure(level.low, unit), figure(level.high, unit)),
                      4);
    }
    for (const auto& one : incident.seen.figures)
        text += mail_line(fmt::format("  {} {}", incident.expectation, one), 4);
    if (incident.levels.empty() && incident.seen.figures.empty())
        text += mail_line("  " + incident.closing, 4);
    text += "\n";
    if (cause.found)
        text +=
            mail_line(fmt::format("Cause, by bisection: {}", fmt::join(cause.candidates, "; ")));
    if (is_range(span))
        text += mail_line(
            fmt::format("Range: {}..{}", span.good.substr(0, 12), span.bad.substr(0, 12)));
    else if (!span.good_run.empty() && !span.bad_run.empty())
        text += mail_line(
            fmt::format("Range: between the runs {} and {}", span.good_run, span.bad_run));
    if (!span.also.empty())
        text += mail_line(fmt::format("Between them also differ: {}", fmt::join(span.also, ", ")));
    if (!cause.found && !cause.why_not.empty())
        text += mail_line("Not found by bisection: " + cause.why_not);
    const auto& injected = incident.seen.injected;
    text +=
        mail_line(injected.empty()
                      ? std::string("Whether faults were injected is not known: see [fault] of the "
                                    "experiment.")
                  : injected == kNoFaults
                      ? std::string("In the median boot of every arm no fault was injected.")
                      : fmt::format("Faults were injected: {}.", injected));
    if (!incident.seen.command.empty())
        text += "To reproduce:\n" + command_lines(incident.seen.command);
    if (const auto line = regzbot_line(cause); !line.empty()) text += "\n" + line + "\n";
    return text;
}

} // namespace rig
