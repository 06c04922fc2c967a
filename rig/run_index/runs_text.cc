// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/runs_text.h"

#include "rig/base/text.h"
#include "rig/report/figures.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace rig {
namespace {

constexpr std::size_t label_width = 13;
// Columns for a closing line; if fewer are left, it gets a line of its own.
constexpr std::size_t room_beside = 40;

using Cells = std::vector<std::string>;

std::vector<std::size_t> widths_of(const std::vector<Cells>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], display_width(row[i]));
    }
    return widths;
}

std::string joined(const Cells& row, const std::vector<std::size_t>& widths) {
    std::string out;
    for (std::size_t i = 0; i < row.size(); ++i)
        out += i + 1 < row.size() ? padded(row[i], widths[i]) + "  " : row[i];
    return out.substr(0, out.find_last_not_of(' ') + 1);
}

// Names and texts come from guests and from foreign files.
std::string line(std::string_view text, std::size_t indent = 4) {
    return wrapped(printable(text), page, indent) + "\n";
}

std::string entry(const std::string& label, const std::string& text) {
    return text.empty() ? ""
                        : line("  " + padded(label, label_width) + " " + text, label_width + 3);
}

std::string coloured(const std::string& text, std::string_view verdict, Colour colour) {
    if (colour == Colour::No || verdict == "unknown") return text;
    return fmt::format("\x1b[{}m{}\x1b[0m",
                       verdict == "pass"   ? 32
                       : verdict == "fail" ? 31
                                           : 33,
                       text);
}

std::string verdict_of(const RunRecord& run) {
    return run.state == "ended"                ? run.verdict()
           : run.exit && run.state == "failed" ? fmt::format("{}, failed", run.verdict())
                                               : run.state;
}

// Boots planned per arm; for an incomplete run also the measured boots of all arms.
std::string boots_of_run(const RunRecord& run) {
    return run.state == "ended" ? fmt::format("{}", run.boots)
                                : fmt::format("{} (made {})", run.boots, run.samples);
}

std::string value_text(const std::optional<double>& value, const std::string& unit) {
    return value ? figure(*value, unit_named(unit)) : "-";
}

std::string difference_text(double difference, const std::string& unit) {
    if (difference == 0) return "0";
    return (difference < 0 ? "−" : "+") + figure(std::abs(difference), unit_named(unit));
}

std::string change_text(const MetricRecord& metric) {
    if (metric.ratio) {
        auto text = factor(*metric.ratio);
        if (metric.ratio_low && metric.ratio_high)
            return text +
                   fmt::format(" [{}, {}]", factor(*metric.ratio_low), factor(*metric.ratio_high));
        return text;
    }
    return metric.difference ? difference_text(*metric.difference, metric.unit) : "";
}

// Cuts in the middle: both ends distinguish long texts.
std::string shortened(const std::string& text, std::size_t room) {
    if (display_width(text) <= room) return text;
    return text.substr(0, room - 1) + "…";
}

} // namespace

std::string list_text(const std::vector<RunRecord>& runs, Colour colour) {
    if (runs.empty()) return "no runs\n";
    std::vector<Cells> rows{{"run", "experiment", "clock", "n", "verdict", ""}};
    for (const auto& run : runs)
        rows.push_back({printable(run.id), printable(run.experiment), printable(run.clock),
                        boots_of_run(run), verdict_of(run), ""});
    const auto widths = widths_of(rows);
    std::string out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto row = joined(rows[i], widths);
        if (i == 0) {
            out += row + "\n";
            continue;
        }
        const auto& run = runs[i - 1];
        auto closing = printable(run.recomputed ? run.closing
                                 : run.closing.empty()
                                     ? run.why_not
                                     : run.closing + " (as report.json has it; not recomputed)");
        const auto used = display_width(joined({rows[i][0], rows[i][1], rows[i][2], rows[i][3],
                                                padded(rows[i][4], widths[4]), "x"},
                                               widths)) -
                          1;
        const bool beside = used + room_beside <= page;
        const auto text =
            beside ? wrapped(row + std::string(used - std::min(used, display_width(row)), ' ') +
                                 closing,
                             page, used)
                   : wrapped(row, page, 2) + "\n" + wrapped("    " + closing, page, 4);
        out +=
            coloured(text.substr(0, text.find_last_not_of(' ') + 1), run.verdict(), colour) + "\n";
    }
    return out;
}

std::string show_text(const RunRecord& run, Colour colour) {
    std::string out = line(run.id + (run.description.empty() ? "" : ": " + run.description));
    out += entry("state", run.state + (run.failure.empty() ? "" : ", " + run.failure));
    out += entry("time", run.started + (run.ended.empty() ? "" : " to " + run.ended));
    out += entry("experiment", fmt::format("{} ({}; text and overrides {:.16})", run.experiment,
                                           run.spec_file, run.spec_sha256));
    out += entry("overrides", fmt::format("{}", fmt::join(run.overrides, " ")));
    out += entry("clock", fmt::format("{} on {}: {}", run.clock, run.accelerator,
                                      run.clock_why.substr(0, run.clock_why.find('\n'))));
    out += entry("guest", fmt::format("{} {} vCPUs, {} boots per arm ({} measured in all), seed {}",
                                      run.arch, run.vcpus, run.boots, run.samples, run.seed));
    out += entry("versions",
                 fmt::format("rig {}; qemu {}{}; {}", run.rig_version, run.qemu_version,
                             run.libvirt_version.empty() ? "" : "; libvirt " + run.libvirt_version,
                             run.perf_version));
    out += entry("source", run.source + (run.revision.empty() ? "" : " at " + run.revision));
    out += entry("reproduce", fmt::format("{}", fmt::join(run.command, " ")));
    if (!run.recomputed)
        out += entry("recomputed", "no: " + run.why_not +
                                       (run.exit ? "; what follows is as report.json has it" : ""));
    for (const auto& arm : run.arms) {
        out += entry(
            arm.arm,
            fmt::format("kernel {}, image {:.16}; {} of {} checks passed{}", arm.kernel_version,
                        arm.image_sha256, arm.checks_passed, arm.checks_passed + arm.checks_failed,
                        arm.failed_checks.empty()
                            ? ""
                            : fmt::format("; failed: {}", fmt::join(arm.failed_checks, ", "))));
        for (const auto& patch : arm.patches)
            out += line("      " + patch, 8);
    }
    if (!run.metrics.empty()) {
        out += "\nMedians over boots, change against the first arm [95 % interval]\n";
        std::vector<Cells> rows;
        for (const auto& metric : run.metrics)
            rows.push_back({"  " + metric.metric, metric.arm,
                            value_text(metric.median, metric.unit), change_text(metric),
                            metric.verdict == "no expectation" ? "" : metric.verdict});
        const auto widths = widths_of(rows);
        for (const auto& row : rows)
            out += line(joined(row, widths), 6);
    }
    for (const auto& splat : run.splats)
        out += line(fmt::format("splat in {}{}: {}{}, {} times in {} boots", splat.arm,
                                splat.declared ? " (declared)" : "", splat.title,
                                splat.function.empty() ? "" : ", in " + splat.function, splat.count,
                                splat.boots));
    for (const auto& fault : run.faults)
        out += line(fmt::format("fault of the {}: {}, {} attempts", fault.fault_domain,
                                fault.kind.empty() ? "unnamed" : fault.kind, fault.count));
    if (!run.boots_kept)
        out += line("boots/ is not there (any more): how attempts failed is not known");
    out += fmt::format("\n  rig report {}            the whole page\n  rig explain {} METRIC    "
                       "how a verdict came about\n\n",
                       run.id, run.id);
    return out +
           coloured(fmt::format("{}: {}", verdict_of(run), printable(run.closing)), run.verdict(),
                    colour) +
           "\n";
}

std::string diff_text(const RunDiff& diff) {
    std::string out = line(fmt::format("left   {}  {}", diff.left, diff.left_closing), 7) +
                      line(fmt::format("right  {}  {}", diff.right, diff.right_closing), 7);
    out += diff.set_up.empty() ? "\nSet up alike\n" : "\nSet up otherwise\n";
    for (const auto& one : diff.set_up)
        out += line("  " + one.what) +
               line("    left   " + (one.left.empty() ? "(none)" : one.left), 11) +
               line("    right  " + (one.right.empty() ? "(none)" : one.right), 11);
    if (!diff.spec_diff.empty()) {
        out += "\nThe experiment's text\n";
        for (std::size_t at = 0; at < diff.spec_diff.size();) {
            const auto end = std::min(diff.spec_diff.find('\n', at), diff.spec_diff.size());
            out += line("  " + diff.spec_diff.substr(at, end - at), 6);
            at = end + 1;
        }
    }
    if (!diff.boots.empty())
        out += "\nBoots of the same number, in every byte but figures of the host\n";
    for (const auto& one : diff.boots)
        out += entry(one.arm,
                     one.pairs == 0 ? std::string("no boot that both have")
                     : one.identical == one.pairs
                         ? fmt::format("bit-identical: {} of {} boots", one.identical, one.pairs)
                         : fmt::format("bit-identical: {} of {} boots; the first that differs: {}",
                                       one.identical, one.pairs, one.first));
    bool tests = false;
    std::vector<Cells> rows{{"  metric", "arm", "left", "right", "right − left", "", "verdicts"}};
    for (const auto& one : diff.metrics) {
        std::string detail;
        if (one.test)
            tests = true, detail = fmt::format("p {:.2g}", one.test->two_sided);
        else if (one.pairs)
            detail = one.equal == one.pairs
                         ? fmt::format("equal in {} boots", one.pairs)
                         : fmt::format("equal in {} of {} boots", one.equal, one.pairs);
        const auto verdicts = one.left_verdict == one.right_verdict
                                  ? std::string()
                                  : fmt::format("{} | {}", one.left_verdict, one.right_verdict);
        rows.push_back(
            {"  " + one.metric, one.arm, value_text(one.left, one.unit),
             value_text(one.right, one.unit),
             one.difference ? difference_text(*one.difference, one.unit) : "not compared",
             one.difference ? detail : one.not_compared, verdicts});
    }
    for (auto& row : rows)
        row[1] = shortened(row[1], 20);
    out += "\nMedians over boots\n";
    const auto widths = widths_of(rows);
    for (const auto& row : rows)
        out += line(joined(row, widths), 6);
    if (tests)
        out += line("p: Mann-Whitney on the boots' values, two-sided, of \"no difference\"; not "
                    "corrected for the number of rows: of twenty rows "
                    "without a difference one is "
                    "expected below 0.05. Two runs are not interleaved, so that what changed on "
                    "the host in between is in the difference.");
    return out;
}

} // namespace rig
