// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/mail.h"

#include "rig/base/text.h"
#include "rig/report/changed_line_rows.h"
#include "rig/report/figures.h"
#include "rig/report/splats.h"
#include "rig/report/wording.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

constexpr std::size_t kLabel = 28; // columns of a metric's label
constexpr std::size_t kMostLines = 5;

class Mail {
 public:
    void line(std::string_view text = "", std::size_t indent = 2) {
        out_ += wrapped(printable(text), kMailColumns, indent) + "\n";
    }
    void entry(const std::string& label, const std::string& text) {
        line(text.empty() ? "  " + label : "  " + padded(label, 10) + " " + text, 13);
    }
    void raw(std::string_view text) { out_ += text; }
    std::string take() { return std::move(out_); }

 private:
    std::string out_;
};

bool failed(const ArmMetric& arm) {
    return arm.verdict == Verdict::Broken || arm.verdict == Verdict::Regressed;
}

// In a table the label of this one is a detail of the row above it.
std::string label_of(const MetricResult& metric) {
    return metric.info.name == "bystander_interrupts" ? "bystander interrupts"
                                                      : trimmed(metric.info.label);
}

// "4.39 µs -> 16.0 ms  ×3639 [×3638, ×3640]", and what was declared.
void figures(Mail& out, const MetricResult& metric, const ArmMetric& arm,
             const std::string& caveat) {
    const auto unit = metric.info.unit;
    const auto& base = metric.arms.front();
    auto label = label_of(metric);
    if (!metric.info.per_boot.empty()) label += ", " + metric.info.per_boot;
    const auto text =
        fmt::format("{} -> {}  {}", spread_figure(*base.spread, unit),
                    spread_figure(*arm.spread, unit), change_figure(*arm.change, unit));
    const auto whole = padded("  " + label, kLabel) + " " + text;
    if (display_width(whole) <= kMailColumns && display_width(label) + 3 <= kLabel) {
        out.line(whole, kLabel + 1);
    } else {
        out.line("  " + label, 4);
        out.line("      " + text, 8);
    }
    if (!caveat.empty()) out.line("      " + caveat, 8);
    if (arm.verdict != Verdict::NotJudged)
        out.line(fmt::format("      declared: {}: {}", arm.declared, verdict_figure(arm)), 8);
    if (failed(arm) && !arm.why.empty()) out.line("      " + arm.why, 8);
}

// All metrics of an arm, by the direction of their change.
void changes(Mail& out, const ReportInput& input, std::size_t arm) {
    struct Group {
        std::string title;
        std::vector<std::pair<const MetricResult*, const ArmMetric*>> metrics;
    };
    const auto& name = input.spec.arms[arm].name;
    const auto& base = input.spec.arms.front().name;
    Group worse{fmt::format("Worse in {} than in {}:", name, base), {}},
        better{fmt::format("Better in {} than in {}:", name, base), {}},
        undecided{fmt::format("Undecided with {} boots per arm (the 95 % interval includes no "
                              "change, or there is none):",
                              input.run.boots),
                  {}},
        changed{"Changed, without a declared direction:", {}};
    // A count that the experiment defines may be of work that was done.
    const auto has_no_direction = [&](const MetricResult& metric, const ArmMetric& one) {
        return metric.info.unit == Unit::Count && one.verdict == Verdict::NotJudged &&
               one.change->direction != Direction::Same &&
               one.change->direction != Direction::Unclear &&
               std::any_of(input.spec.metrics.begin(), input.spec.metrics.end(),
                           [&](const MetricSpec& spec) {
                               return spec.name == metric.info.name && spec.custom;
                           });
    };
    // What an operation costs that did not do its work is no better.
    const auto* refused = input.comparison.find(kFailedChecks);
    const bool did_not_work = refused && arm < refused->arms.size() && failed(refused->arms[arm]);
    if (did_not_work) {
        out.line(fmt::format("workload.check failed in {}: {}", name, refused->arms[arm].why), 0);
        out.line();
    }
    std::vector<std::string> same;
    for (const auto& metric : input.comparison.metrics) {
        if (arm >= metric.arms.size() || metric.info.name == "injections" ||
            metric.info.name == "predicted_sync")
            continue;
        const auto& one = metric.arms[arm];
        if (!one.change || !one.spread || !metric.arms.front().spread) continue;
        if (has_no_direction(metric, one)) {
            changed.metrics.emplace_back(&metric, &one);
            continue;
        }
        const bool rose_is_better = metric.info.unit == Unit::PerSecond;
        auto& good = did_not_work ? undecided : better;
        switch (one.change->direction) {
        case Direction::Same:
            if (failed(one))
                worse.metrics.emplace_back(&metric, &one);
            else
                same.push_back(label_of(metric));
            break;
        case Direction::Unclear:
            (failed(one) ? worse : undecided).metrics.emplace_back(&metric, &one);
            break;
        case Direction::Rose:
            (rose_is_better && !failed(one) ? good : worse).metrics.emplace_back(&metric, &one);
            break;
        case Direction::Fell:
            (rose_is_better || failed(one) ? worse : good).metrics.emplace_back(&metric, &one);
            break;
        }
    }
    for (const auto* group : {&worse, &better, &changed, &undecided}) {
        if ((group == &undecided || group == &changed) && group->metrics.empty()) continue;
        out.line(group->metrics.empty() ? group->title + " nothing measured" : group->title, 0);
        for (const auto& [metric, one] : group->metrics)
            figures(out, *metric, *one, rate_caveat(input.comparison, metric->info));
        out.line();
    }
    if (same.empty()) return;
    out.line(fmt::format("The same in every boot: {}", fmt::join(same, "; ")));
    out.line();
}

void failed_checks(Mail& out, const Comparison& comparison) {
    out.line("A validity check failed, so the figures are not compared: they need not be about "
             "the changed lines.",
             0);
    for (const auto& arm : comparison.checks)
        for (const auto& check : arm.checks)
            if (!check.passed)
                out.line(
                    fmt::format("  {} in {} ({}): {}", check.id, arm.arm, check.claim, check.found),
                    6);
    out.line();
}

void changed_lines(Mail& out, const ReportInput& input) {
    if (!input.lines.why_not.empty()) {
        out.line("Changed lines: not counted: " + input.lines.why_not);
        out.line();
        return;
    }
    const auto all = changed_lines_of(input);
    if (all.empty()) return;
    out.line("Changed lines that ran (executions in the count pass of a boot):", 0);
    for (const auto& one : all) {
        out.line(fmt::format("  {}: {}", one.arm, one.headline), 4);
        std::size_t shown = 0, ran = 0;
        for (const auto& row : one.rows) {
            if (!row.ran) continue;
            if (++ran > kMostLines) continue;
            ++shown;
            out.line(fmt::format("    {} {}{}", padded(place_of(*row.line), 28),
                                 is_bound(row.line->reason) ? "<= " : "",
                                 row.count_pass ? text_of(*row.count_pass) : "-"),
                     6);
        }
        if (ran > shown) out.line(fmt::format("    and {} more", ran - shown), 6);
    }
    out.line();
}

// On lines of their own: git's names of patches have up to 64 characters.
void patches(Mail& out, const std::vector<std::string>& files) {
    for (const auto& file : files)
        out.line("    " + std::filesystem::path(file).filename().string(), 4);
}

void setup(Mail& out, const ReportInput& input) {
    out.line("How it was measured:", 0);
    out.entry("conditions", conditions(input));
    out.entry("QEMU", input.run.qemu_version);
    const auto lists = patch_lists(input);
    for (std::size_t i = 0; i < input.run.kernels.size(); ++i) {
        out.entry(input.run.kernels[i].arm, lists.own[i].empty() ? "no patch of its own" : "");
        patches(out, lists.own[i]);
    }
    if (!lists.shared.empty()) out.entry("every arm", "");
    patches(out, lists.shared);
    for (const auto& warning : input.warnings)
        out.entry("warning", warning);
    out.line();
}

} // namespace

std::string command_lines(const std::vector<std::string>& words) {
    std::string text, line = " ";
    for (const auto& word : words) {
        const auto next = " " + shell_word(printable(word));
        if (display_width(line) + display_width(next) + 2 > kMailColumns && line.size() > 1) {
            text += line + " \\\n";
            line = "    ";
        }
        line += next;
    }
    return text + line + "\n";
}

std::string render_mail(const ReportInput& input) {
    Mail out;
    const auto& comparison = input.comparison;
    out.line(input.spec.description.empty()
                 ? input.spec.name
                 : fmt::format("{}: {}", input.spec.name, input.spec.description),
             0);
    out.line();
    out.line(fmt::format("Result: {}", comparison.closing), 0);
    out.line();
    if (!all_checks_passed(comparison))
        failed_checks(out, comparison);
    else
        for (std::size_t arm = 1; arm < input.spec.arms.size(); ++arm)
            changes(out, input, arm);
    changed_lines(out, input);
    if (const auto injected = injected_faults(input, ""); !injected.empty()) {
        out.line("Measured " + injected +
                     ". Without them the path is rare, and the figures say "
                     "nothing about how often it is taken.",
                 0);
        out.line();
    }
    for (const auto& line : splat_lines(input))
        out.line(line.text, std::max<std::size_t>(line.indent, 2));
    out.line();
    setup(out, input);
    if (!input.run.command.empty()) {
        out.line("To reproduce:", 0);
        out.raw(command_lines(input.run.command));
    }
    return out.take();
}

} // namespace rig
