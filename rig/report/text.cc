// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/text.h"
#include "rig/report/profile_report.h"

#include "rig/base/text.h"
#include "rig/report/changed_line_rows.h"
#include "rig/report/rows.h"
#include "rig/report/splats.h"
#include "rig/report/tests.h"
#include "rig/report/wording.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

constexpr std::size_t label_width = 34;
// Columns for "÷1234 [÷1235, ÷1233]" and a verdict. If fewer are left, changes get a table of their
// own.
constexpr std::size_t change_room = 44;

class Page {
 public:
    // Continuation lines of a long line are indented by `indent`.
    void line(std::string_view text = "", std::size_t indent = 4) {
        while (text.ends_with(' '))
            text.remove_suffix(1);
        out_ += wrapped(printable(text), page, indent);
        out_ += '\n';
    }
    // A label in its own column, and text next to it, wrapped there.
    void entry(const std::string& label, std::string_view text, std::size_t width = 13) {
        line("  " + padded(label, width) + " " + std::string(text),
             display_width(label) > width ? 6 : width + 3);
    }
    void raw(std::string_view text) { out_ += text; }
    std::string take() { return std::move(out_); }

 private:
    std::string out_;
};

std::string short_label(const std::string& label) {
    constexpr std::size_t room = label_width - 3; // two columns of indentation, one of space
    if (display_width(label) <= room) return label;
    // Only function names are this long, and they are ASCII. Cut them in the middle: both ends
    // distinguish names.
    constexpr std::size_t end = (room - 3) / 2;
    return label.substr(0, room - 3 - end) + "..." + label.substr(label.size() - end);
}

// Cells of the arms [first, last). With `change`, the change of that arm follows them.
void table(Page& out, const std::vector<ReportRow>& rows, const std::vector<Arm>& arms,
           std::size_t first, std::size_t last, std::size_t change) {
    std::vector<std::size_t> widths;
    for (auto arm = first; arm < last; ++arm) {
        auto width = display_width(arms[arm].name);
        for (const auto& row : rows)
            if (!row.cells.empty()) width = std::max(width, display_width(row.cells[arm]));
        widths.push_back(width + 2);
    }
    std::string head(label_width, ' ');
    for (auto arm = first; arm < last; ++arm)
        head += padded(arms[arm].name, widths[arm - first]);
    if (change) head += fmt::format("change against {} [95 % interval]", arms[0].name);
    out.line(head);
    for (const auto& row : rows) {
        if (row.cells.empty()) {
            out.line(row.label);
            continue;
        }
        auto text = padded("  " + short_label(row.label), label_width);
        for (auto arm = first; arm < last; ++arm)
            text += padded(row.cells[arm], widths[arm - first]);
        if (change && !row.changes.empty()) text += row.changes[change];
        out.line(text, label_width + 4);
    }
    out.line();
}

void tables(Page& out, const ReportInput& input) {
    const auto& arms = input.spec.arms;
    if (!anything_measured(input.comparison)) {
        out.line("No boot was measured.");
        out.line();
        return;
    }
    auto rows = table_rows(input);
    std::vector<std::size_t> widths;
    for (std::size_t arm = 0; arm < arms.size(); ++arm) {
        widths.push_back(display_width(arms[arm].name) + 2);
        for (const auto& row : rows)
            if (!row.cells.empty())
                widths.back() = std::max(widths.back(), display_width(row.cells[arm]) + 2);
    }
    if (arms.size() == 2 && label_width + widths[0] + widths[1] + change_room <= page) {
        table(out, rows, arms, 0, 2, 1);
        return;
    }
    // As many arms side by side as fit, then the changes per arm.
    for (std::size_t first = 0; first < arms.size();) {
        auto last = first;
        for (auto used = label_width;
             last < arms.size() && (last == first || used + widths[last] <= page); ++last)
            used += widths[last];
        table(out, rows, arms, first, last, 0);
        first = last;
    }
    for (std::size_t arm = 1; arm < arms.size(); ++arm) {
        out.line(
            fmt::format("Change of {} against {} [95 % interval]", arms[arm].name, arms[0].name));
        for (const auto& row : rows)
            if (row.judged)
                out.line(padded("  " + short_label(row.label), label_width) + " " +
                             row.changes[arm],
                         label_width + 4);
        out.line();
    }
}

// Always shows what fell and what rose together.
void gains_and_costs(Page& out, const ReportInput& input) {
    for (std::size_t arm = 1; arm < input.spec.arms.size(); ++arm) {
        const auto moved = movement(input, arm);
        out.line(fmt::format("{} against {}", input.spec.arms[arm].name, input.spec.arms[0].name));
        auto list = [&](const char* label, const std::vector<std::string>& items) {
            if (!items.empty()) out.entry(label, fmt::format("{}", fmt::join(items, "; ")), 9);
        };
        list("fell", moved.fell);
        list("rose", moved.rose);
        list("rates: better, rose", moved.rates_rose);
        list("rates: worse, fell", moved.rates_fell);
        list("same", moved.same);
        list("undecided", moved.unclear);
    }
    out.line();
}

void details(Page& out, const Comparison& comparison) {
    const auto open = open_expectations(comparison);
    if (open.empty()) return;
    out.line("Expectations that do not hold or are not decided");
    for (const auto& one : open)
        out.line("  " + one);
    out.line();
}

void checks(Page& out, const ReportInput& input) {
    const auto& comparison = input.comparison;
    const auto claim = checks_claim(input);
    out.line(claim.claim);
    if (!claim.caveat.empty()) out.line("    ! " + claim.caveat, 8);
    for (const auto& arm : comparison.checks) {
        auto held = std::count_if(arm.checks.begin(), arm.checks.end(),
                                  [](const ValidityCheck& p) { return p.passed; });
        if (arm.all_pass()) {
            out.entry(arm.arm, fmt::format("✔ {} of {} checks passed in every boot", held,
                                           arm.checks.size()));
            continue;
        }
        out.entry(arm.arm, fmt::format("✘ {} of {} checks passed", held, arm.checks.size()));
        // Checks without any boot all fail for the same reason: list them in one line.
        std::vector<std::string> unexamined;
        for (const auto& check : arm.checks) {
            if (check.passed) continue;
            if (check.found.starts_with("no boot,")) {
                unexamined.push_back(check.id);
                continue;
            }
            out.line(fmt::format("    ✘ {} ({}): {}", check.id, check.claim, check.found), 8);
            out.line("      probably: " + check.reason, 8);
        }
        if (!unexamined.empty())
            out.line(fmt::format("    ✘ without a boot there is none for: {}",
                                 fmt::join(unexamined, ", ")),
                     8);
    }
    out.line();
}

void changed_lines(Page& out, const ReportInput& input) {
    const auto lines = changed_line_lines(input);
    for (const auto& line : lines)
        out.line(line.text, line.indent);
    if (!lines.empty()) out.line();
}

void splats(Page& out, const ReportInput& input) {
    for (const auto& line : splat_lines(input))
        out.line(line.text, line.indent);
    out.line();
}

void tests(Page& out, const ReportInput& input) {
    const auto lines = test_lines(input);
    for (const auto& line : lines)
        out.line(line.text, line.indent);
    if (!lines.empty()) out.line();
}

void profile(Page& out, const ReportInput& input) {
    const auto text = profile_section(input);
    if (text.empty()) return;
    out.line("Executed instructions (rig explain RUN profile shows more)");
    out.raw(text);
    out.line();
}

void warnings(Page& out, const ReportInput& input) {
    if (input.warnings.empty()) return;
    out.line("Warnings");
    for (const auto& warning : input.warnings)
        out.line("  ! " + warning);
    out.line();
}

// One patch per line, so that a name can be copied.
void patch_list(Page& out, const std::vector<std::string>& patches) {
    for (const auto& patch : patches)
        out.raw("      " + printable(patch) + "\n");
}

// Prerequisites belong to every arm; the other patches are what is compared.
void patches(Page& out, const ReportInput& input) {
    out.line("Kernels");
    const auto lists = patch_lists(input);
    for (std::size_t i = 0; i < input.run.kernels.size(); ++i) {
        const auto& kernel = input.run.kernels[i];
        const auto* arm = input.spec.find_arm(kernel.arm);
        const auto options = arm ? options_text(*arm) : "";
        out.entry(kernel.arm,
                  fmt::format("{} image {:.12}{}{}{}", kernel.facts.version,
                              kernel.facts.image_sha256,
                              lists.own[i].empty() ? ", no patch of its own" : "",
                              options.empty() ? "" : ", options of its own: ", options));
        patch_list(out, lists.own[i]);
    }
    out.entry("every arm",
              lists.shared.empty()
                  ? "no prerequisite patch"
                  : "prerequisite patches: they make the path reachable and are not under test");
    patch_list(out, lists.shared);
    out.line();
}

// Wrapped so that it can still be pasted into a shell.
void command(Page& out, const std::vector<std::string>& words) {
    std::string line = "  " + padded("reproduce", 13);
    for (const auto& word : words) {
        auto next = " " + shell_word(printable(word));
        if (display_width(line) + display_width(next) + 2 > page && display_width(line) > 16) {
            out.raw(line + " \\\n");
            line = std::string(15, ' ');
        }
        line += next;
    }
    if (!words.empty()) out.raw(line + "\n");
}

void provenance(Page& out, const ReportInput& input) {
    out.line("How this was measured");
    for (const auto& [label, text] : method_entries(input))
        out.entry(label, text);
    command(out, input.run.command);
    out.entry("raw data", raw_data(input));
    out.line();
}

void title(Page& out, const ReportInput& input) {
    const auto& run = input.run;
    out.line(input.spec.description.empty()
                 ? input.spec.name
                 : fmt::format("{}: {}", input.spec.name, input.spec.description),
             2);
    out.line(conditions(input), 2);
    if (!run.clock_why.empty()) out.line(fmt::format("{} clock: {}", run.clock, run.clock_why), 2);
    out.line();
}

std::string coloured(const std::string& text) {
    struct Rule {
        std::string_view mark, code;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        auto left = std::string_view(text).substr(i);
        bool done = false;
        for (auto [mark, code] : {Rule{"✔", "\033[32m"}, Rule{"✘", "\033[31m"},
                                  Rule{"? ", "\033[33m"}, Rule{"  ! ", "\033[33m"}})
            if (!done && left.starts_with(mark)) {
                out += fmt::format("{}{}\033[0m", code, mark);
                i += mark.size();
                done = true;
            }
        if (!done) out += text[i++];
    }
    return out;
}

} // namespace

std::string render_text(const ReportInput& input, Colour colour) {
    Page out;
    const auto& comparison = input.comparison;
    const bool proven = all_checks_passed(comparison);
    title(out, input);
    // Failed checks make the figures meaningless, so they come first.
    if (!proven) {
        out.line("? A validity check failed (see below): figures are shown, no verdict is given.");
        out.line();
    }
    tables(out, input);
    if (proven) {
        gains_and_costs(out, input);
        details(out, comparison);
        tests(out, input);
    }
    checks(out, input);
    changed_lines(out, input);
    splats(out, input);
    profile(out, input);
    warnings(out, input);
    patches(out, input);
    provenance(out, input);
    out.line(fmt::format("{} {}", closing_mark(comparison), comparison.closing));
    auto text = out.take();
    return colour == Colour::Yes ? coloured(text) : text;
}

} // namespace rig
