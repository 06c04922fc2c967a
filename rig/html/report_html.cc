// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/report_html.h"

#include "rig/base/text.h"
#include "rig/html/html_page.h"
#include "rig/report/changed_line_rows.h"
#include "rig/report/figures.h"
#include "rig/report/profile_report.h"
#include "rig/report/rows.h"
#include "rig/report/splats.h"
#include "rig/report/tests.h"
#include "rig/report/wording.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

Markup paragraph(const std::string& text, const char* kind = "") {
    return element("p", *kind ? Attributes{{"class", kind}} : Attributes{}, {text});
}

Markup section(const char* id, const std::string& heading, const Children& children) {
    Children all{element("h2", {{"id", id}}, {heading})};
    all.insert(all.end(), children.begin(), children.end());
    return element("section", {{"aria-labelledby", id}}, all);
}

Markup list(const std::vector<std::string>& items) {
    Children out;
    for (const auto& item : items)
        out.push_back(element("li", {}, {item}));
    return element("ul", {}, out);
}

Markup facts(const std::vector<MethodEntry>& entries) {
    Children out;
    for (const auto& [label, text] : entries) {
        out.push_back(element("dt", {}, {label}));
        out.push_back(element("dd", {}, {text}));
    }
    return element("dl", {{"class", "facts"}}, out);
}

// The colour of a mark. The mark and the text next to it carry the same information.
const char* tone(const std::string& mark) {
    return mark == "✔" ? "good" : mark == "✘" ? "bad" : "open";
}

Markup verdict_line(const Comparison& comparison) {
    const std::string mark = closing_mark(comparison);
    return element("p", {{"class", fmt::format("verdict {}", tone(mark))}, {"id", "verdict"}},
                   {element("span", {{"aria-hidden", "true"}}, {mark}),
                    element("span", {}, {comparison.closing})});
}

// Counts that do not fit into the closing line, starting with those against the patch.
Markup tally(const Comparison& c) {
    std::vector<std::string> parts;
    const auto add = [&](unsigned n, const char* what) {
        if (n) parts.push_back(fmt::format("{} {}", n, what));
    };
    add(c.failed, "broken or regressed");
    add(c.inconclusive, "inconclusive");
    add(c.undecided, "undecided");
    add(c.unseen, "0 everywhere, so nothing shows that it can be seen");
    add(c.held, "as declared");
    return paragraph(parts.empty()
                         ? "No expectation is declared."
                         : fmt::format("Declared expectations: {}.", fmt::join(parts, "; ")));
}

Markup moved(const ReportInput& input) {
    Children out;
    for (std::size_t arm = 1; arm < input.spec.arms.size(); ++arm) {
        const auto movements = movement(input, arm);
        Children groups;
        const auto add = [&](const char* heading, const std::vector<std::string>& items) {
            groups.push_back(element("div", {},
                                     {element("h4", {}, {heading}),
                                      items.empty() ? paragraph("nothing", "note") : list(items)}));
        };
        add("▲ Rose: worse", movements.rose);
        add("▼ Fell: better", movements.fell);
        if (!movements.rates_fell.empty()) add("▼ Rates that fell: worse", movements.rates_fell);
        if (!movements.rates_rose.empty()) add("▲ Rates that rose: better", movements.rates_rose);
        add("? Undecided", movements.unclear);
        add("= Same", movements.same);
        out.push_back(element(
            "h3", {},
            {fmt::format("{} against {}", input.spec.arms[arm].name, input.spec.arms[0].name)}));
        out.push_back(element("div", {{"class", "moved"}}, groups));
    }
    return section("moved", "What moved", out);
}

Markup with_note(const std::string& text, const std::vector<std::string>& notes) {
    Children out{text};
    for (const auto& note : notes)
        if (!note.empty()) out.push_back(element("small", {}, {note}));
    Markup all;
    for (const auto& one : out)
        all += one;
    return all;
}

std::string declared_note(const ArmMetric& arm) {
    return arm.declared.empty() ? "" : "declared: " + arm.declared;
}

// The arm's value as in the text report, followed by its range over boots.
Cell value_cell(const ReportRow& row, std::size_t arm) {
    if (!row.metric) return {row.cells[arm], "figure"};
    const auto& one = row.metric->arms[arm];
    const auto unit = row.metric->info.unit;
    std::vector<std::string> notes;
    if (one.spread && one.spread->min != one.spread->max) {
        if (unit == Unit::Count)
            notes.push_back("median " + figure(one.spread->median, unit));
        else if (figure(one.spread->min, unit) != figure(one.spread->max, unit))
            notes.push_back(fmt::format("{} to {}", figure(one.spread->min, unit),
                                        figure(one.spread->max, unit)));
    }
    if (!one.change && one.verdict != Verdict::NotJudged) {
        notes.push_back(words(one.verdict)); // the cell itself shows the mark
        notes.push_back(declared_note(one));
        notes.push_back(one.why);
    }
    return {with_note(row.cells[arm], notes), "figure"};
}

// Change and verdict of an arm against the baseline.
std::vector<Cell> change_cells(const ReportRow& row, std::size_t arm) {
    if (row.changes.empty()) return {{""}, {""}};
    if (!row.metric || !row.judged) return {{row.changes[arm], "figure"}, {""}};
    const auto& one = row.metric->arms[arm];
    const auto change =
        one.change ? change_figure(*one.change, row.metric->info.unit) : std::string("-");
    auto verdict = verdict_figure(one);
    Markup words = verdict.empty() ? Markup(one.why) : with_note("", {});
    if (!verdict.empty()) {
        words += one.verdict == Verdict::NotJudged
                     ? Markup(verdict)
                     : element("span", {{"class", tone(mark(one.verdict))}}, {verdict});
        words += with_note("", {declared_note(one), one.why});
    }
    return {{change, "figure"}, {words, "words"}};
}

Markup metrics(const ReportInput& input, bool proven) {
    if (!anything_measured(input.comparison))
        return section("metrics", "Metrics", {paragraph("No boot was measured.")});
    const auto& arms = input.spec.arms;
    std::vector<std::string> head{"Metric"};
    for (const auto& arm : arms)
        head.push_back(arm.name);
    for (std::size_t arm = 1; arm < arms.size(); ++arm) {
        head.push_back(fmt::format("{}{}change against {} [95 % interval]",
                                   arms.size() > 2 ? arms[arm].name : "",
                                   arms.size() > 2 ? ": " : "", arms[0].name));
        head.push_back(arms.size() > 2 ? arms[arm].name + ": verdict" : "verdict");
    }
    std::vector<TableRow> rows;
    for (const auto& row : table_rows(input)) {
        if (row.cells.empty()) {
            rows.push_back({{{row.label}}, "group"});
            continue;
        }
        TableRow out{{{trimmed(row.label), "th"}}, row.label.starts_with(' ') ? "part" : ""};
        for (std::size_t arm = 0; arm < arms.size(); ++arm)
            out.cells.push_back(value_cell(row, arm));
        for (std::size_t arm = 1; arm < arms.size(); ++arm)
            for (auto& cell : change_cells(row, arm))
                out.cells.push_back(std::move(cell));
        rows.push_back(std::move(out));
    }
    const auto& compared = input.comparison.metrics;
    const bool rates =
        std::any_of(compared.begin(), compared.end(),
                    [](const MetricResult& metric) { return metric.info.unit == Unit::PerSecond; });
    Children all{paragraph(std::string(rates ? "Lower is better in every row but the rates, of "
                                               "which higher is better. "
                                             : "Lower is better in every row. ") +
                               "Counts that vary over boots are shown as "
                               "lowest..highest, times as the median over boots "
                               "with the range below it.",
                           "note"),
                 table("Metrics of all arms", head, rows)};
    Children tests;
    if (proven)
        for (const auto& line : test_lines(input))
            tests.push_back(paragraph(trimmed(line.text)));
    if (!tests.empty()) all.push_back(details("Tests behind the verdicts on bounds", tests));
    return section("metrics", "Metrics", all);
}

Markup figure_of(const Chart& chart) {
    std::vector<TableRow> rows;
    for (const auto& row : chart.rows) {
        TableRow out;
        for (const auto& cell : row)
            out.cells.push_back({cell, out.cells.empty() ? "th" : "figure"});
        rows.push_back(std::move(out));
    }
    const auto drawn =
        to_json(chart).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return element("figure", {},
                   {element("figcaption", {},
                            {element("strong", {}, {chart.title}),
                             element("span", {{"class", "note"}}, {chart.note})}),
                    element("div",
                            {{"class", "chart"},
                             {"role", "img"},
                             {"aria-label", chart.description},
                             {"data-chart", drawn}},
                            {}),
                    details("The figures as a table", {table(chart.title, chart.head, rows)})});
}

void add_charts(Markup& out, const char* id, const char* heading, const char* intro,
                const std::vector<Chart>& charts) {
    Children figures;
    for (const auto& chart : charts)
        if (!chart.series.empty()) figures.push_back(figure_of(chart));
    if (!figures.empty())
        out += section(
            id, heading,
            {*intro ? paragraph(intro, "note") : Markup(),
             element(
                 "noscript", {},
                 {paragraph(
                     "Drawings need JavaScript; their figures are in the table below each title.",
                     "note")}),
             element("div", {{"class", "charts"}}, figures)});
}

Markup check_item(const ValidityCheck& check) {
    Children out{
        element("span", {{"class", check.passed ? "good" : "bad"}}, {check.passed ? "✔" : "✘"}),
        fmt::format(" {} ({}): {}", check.id, check.claim, check.found)};
    if (!check.passed) out.push_back(paragraph("probably: " + check.reason));
    return element("li", {}, out);
}

// Failed checks are visible; passed ones are behind a summary.
Markup checks(const ReportInput& input) {
    const auto claim = checks_claim(input);
    Children out{paragraph(claim.claim + ".")};
    if (!claim.caveat.empty()) out.push_back(paragraph(claim.caveat + ".", "told"));
    for (const auto& arm : input.comparison.checks) {
        Children held, failed;
        for (const auto& check : arm.checks)
            (check.passed ? held : failed).push_back(check_item(check));
        const auto summary = arm.all_pass() ? fmt::format("✔ {} of {} checks passed in every boot",
                                                          held.size(), arm.checks.size())
                                            : fmt::format("✘ {} of {} checks passed", held.size(),
                                                          arm.checks.size());
        out.push_back(
            element("h3", {},
                    {arm.arm + ": ",
                     element("span", {{"class", arm.all_pass() ? "good" : "bad"}}, {summary})}));
        if (!failed.empty()) out.push_back(element("ul", {}, failed));
        if (!held.empty())
            out.push_back(
                details(fmt::format("What held in {}", arm.arm), {element("ul", {}, held)}));
    }
    return section("checks", "Validity checks", out);
}

// "": the run has no changed lines and no reason for it.
Markup changed_lines(const ReportInput& input) {
    if (!input.lines.why_not.empty())
        return section("lines", "Changed lines",
                       {paragraph("Not counted: " + input.lines.why_not + ".", "told")});
    const auto arms = changed_lines_of(input);
    if (arms.empty()) return {};
    Children out{
        paragraph("How often each changed line ran in one boot, by the emulator's count of "
                  "its instructions.")};
    for (const auto& arm : arms) {
        out.push_back(element("h3", {}, {fmt::format("{}, against {}", arm.arm, arm.against)}));
        out.push_back(paragraph(arm.headline + "."));
        std::vector<TableRow> rows;
        for (const auto& row : arm.rows) {
            const std::string bound = is_bound(row.line->reason) ? "≤ " : "";
            const auto cell = [&](const std::optional<CountRange>& range) {
                return Cell{range ? bound + text_of(*range) : "–", "figure"};
            };
            rows.push_back(
                {{{place_of(*row.line), "th"},
                  cell(row.count_pass),
                  cell(row.latency_pass),
                  {element("code", {}, {printable(stripped(row.line->text, " \t\r"))}), "words"}}});
        }
        if (!rows.empty())
            out.push_back(table(fmt::format("Changed lines of {} against {}", arm.arm, arm.against),
                                {"Line", "Count pass", "Latency pass", "Source"}, rows));
        if (!arm.without_code.empty())
            out.push_back(paragraph("Without instructions: " + arm.without_code + ".", "note"));
    }
    return section("lines", "Changed lines", out);
}

Markup splats(const ReportInput& input, const std::vector<SplatExcerpt>& excerpts) {
    Children out;
    const auto lines = splat_lines(input);
    // The first line is the text report's heading.
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const auto& [text, indent, body] = lines[i];
        if (body)
            out.push_back(element("p", {},
                                  {element("strong", {}, {trimmed(text.substr(0, body))}),
                                   ": " + text.substr(body)}));
        else
            out.push_back(paragraph(trimmed(text), "within"));
    }
    for (const auto& excerpt : excerpts) {
        Children shown{element("pre",
                               {{"class", "excerpt"},
                                {"tabindex", "0"},
                                {"role", "region"},
                                {"aria-label", "Console: " + excerpt.file}},
                               {excerpt.text})};
        if (excerpt.cut)
            shown.push_back(paragraph("Cut here: the rest is in " + excerpt.file + ".", "told"));
        out.push_back(details("Console: " + excerpt.file, shown));
    }
    return section("splats", "Kernel splats", out);
}

Markup provenance(const ReportInput& input) {
    const auto& run = input.run;
    const auto patches = patch_lists(input);
    std::vector<TableRow> kernels;
    for (std::size_t i = 0; i < run.kernels.size(); ++i) {
        const auto& kernel = run.kernels[i];
        Markup own = patches.own[i].empty() ? Markup("no patch of its own") : list(patches.own[i]);
        const auto* arm = input.spec.find_arm(kernel.arm);
        if (const auto options = arm ? options_text(*arm) : ""; !options.empty())
            own += paragraph("options of its own: " + options);
        kernels.push_back({{{kernel.arm, "th"},
                            {kernel.facts.version},
                            {element("code", {}, {kernel.facts.image_sha256})},
                            {own, "words"}}});
    }
    auto entries = method_entries(input);
    std::vector<MethodEntry> all{
        {"clock", run.clock + (run.clock_why.empty() ? "" : ": " + printable(run.clock_why))},
        {"accelerator", run.accelerator},
        {"seed", std::to_string(run.seed)}};
    all.insert(all.end(), entries.begin(), entries.end());
    all.push_back({"initramfs", run.image});
    all.push_back({"rig's SHA-256", run.program});
    if (!run.host_boot.empty()) all.push_back({"boot of the host", run.host_boot});
    for (const auto& one : run.overrides)
        all.push_back({"overridden", one.key + " = " + one.value});
    all.push_back({"raw data", raw_data(input)});
    std::erase_if(all, [](const MethodEntry& entry) { return entry.text.empty(); });
    return section(
        "provenance", "Provenance",
        {table("Kernels", {"Arm", "Kernel", "SHA-256 of the image", "Patches under test"}, kernels),
         paragraph(patches.shared.empty() ? "No prerequisite patch."
                                          : "Prerequisite patches, in every arm: they make the "
                                            "path reachable and are not under test."),
         patches.shared.empty() ? Markup() : list(patches.shared), facts(all)});
}

Markup profile(const ReportInput& input) {
    const auto text = profile_section(input);
    if (text.empty()) return {};
    return section("profile", "Executed instructions",
                   {element("pre",
                            {{"tabindex", "0"},
                             {"role", "region"},
                             {"aria-label", "Functions that explain the difference"}},
                            {text})});
}

Markup reproduce(const ReportInput& input) {
    std::vector<std::string> words;
    for (const auto& word : input.run.command)
        words.push_back(shell_word(printable(word)));
    if (words.empty()) return {};
    return section(
        "reproduce", "Reproduce",
        {element("pre",
                 {{"class", "command"},
                  {"id", "command"},
                  {"tabindex", "0"},
                  {"role", "region"},
                  {"aria-label", "Command that makes this run again"}},
                 {fmt::format("{}", fmt::join(words, " "))}),
         element("button", {{"type", "button"}, {"data-copy", "command"}, {"hidden", ""}},
                 {"Copy"})});
}

Markup header(const ReportInput& input, bool proven) {
    const auto& comparison = input.comparison;
    Children out{element("h1", {}, {input.spec.name}), verdict_line(comparison), tally(comparison)};
    // Failed checks make the figures meaningless, so they come first.
    if (!proven)
        out.push_back(element("p", {{"class", "told"}},
                              {"? A validity check failed (see ",
                               element("a", {{"href", "#checks"}}, {"Validity checks"}),
                               "): figures are shown, no verdict is given."}));
    if (std::any_of(comparison.splats.begin(), comparison.splats.end(), [](const ArmSplats& arm) {
            return arm.verdict == SplatVerdict::Splatted || arm.verdict == SplatVerdict::Silent;
        }))
        out.push_back(element("p", {{"class", "told"}},
                              {"✘ ", element("a", {{"href", "#splats"}}, {"Kernel splats"}),
                               " are not as declared."}));
    if (const auto n = input.warnings.size())
        out.push_back(element("p", {{"class", "told"}},
                              {"! ",
                               element("a", {{"href", "#warnings"}},
                                       {fmt::format("{} warning{}", n, n == 1 ? "" : "s")}),
                               " on how this was measured."}));
    if (!input.spec.description.empty()) out.push_back(paragraph(input.spec.description));
    out.push_back(paragraph(conditions(input), "note"));
    Markup all;
    for (const auto& one : out)
        all += one;
    return all;
}

} // namespace

std::string render_html(const ReportInput& input, const std::vector<Sample>& samples,
                        const PageExtras& extras, const WebAssets& assets) {
    const bool proven = all_checks_passed(input.comparison);
    PageFrame page;
    page.title = fmt::format("{} {}: {}", closing_mark(input.comparison), input.spec.name,
                             input.comparison.closing);
    page.header = header(input, proven);
    if (proven && input.spec.arms.size() > 1) page.main += moved(input);
    if (const auto open = open_expectations(input.comparison); proven && !open.empty())
        page.main +=
            section("open", "Expectations that do not hold or are not decided", {list(open)});
    page.main += metrics(input, proven);
    add_charts(page.main, "ipis", "IPIs", "", {ipi_chart(input)});
    add_charts(
        page.main, "latencies", "Latencies",
        "Of each latency two drawings: how all values are distributed, as the share of them that "
        "took at most so long (a curve further left is "
        "faster), which is shown only; and what decides, one figure of each boot.",
        latency_charts(input, samples));
    add_charts(page.main, "cpus", "By CPU", "", cpu_charts(input, samples));
    add_charts(page.main, "sweeps", "Over fault rate and vCPUs", "", curve_charts(extras.sweeps));
    page.main += checks(input);
    page.main += changed_lines(input);
    page.main += splats(input, extras.excerpts);
    page.main += profile(input);
    page.main += provenance(input);
    if (!input.warnings.empty())
        page.main += section("warnings", "Warnings", {list(input.warnings)});
    page.main += reproduce(input);
    page.footer = paragraph(
        fmt::format("Made by rig {} from {}/samples.jsonl.", input.run.rig_version, input.run_dir));
    return render_page(page, assets);
}

} // namespace rig
