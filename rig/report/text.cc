#include "rig/report/text.h"

#include "rig/report/figures.h"
#include "rig/report/splats.h"
#include "rig/report/tests.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace rig {
namespace {

constexpr std::size_t page = 100; // columns
constexpr std::size_t label_width = 28;
constexpr std::size_t change_room = 46; // "÷1234 [÷1235, ÷1233]" and a verdict; less, and changes get a table of their own

// One line of the big table. A row without cells is a heading.
struct Row {
    std::string label;
    std::vector<std::string> cells;   // one per arm
    std::vector<std::string> changes; // one per arm, the baseline's empty
    bool judged = false;              // stands for a metric, also in a table of changes alone
};

std::string cell(const ArmMetric& arm, Unit unit) {
    if (!arm.spread) return "-";
    auto text = spread_figure(*arm.spread, unit);
    // An expectation on the baseline has no change column to stand in.
    if (!arm.change && arm.verdict != Verdict::NotJudged) text += std::string(" ") + mark(arm.verdict);
    return text;
}

Row metric_row(const MetricResult& metric, const std::string& label) {
    Row row{label, {}, {}, true};
    for (const auto& arm : metric.arms) {
        row.cells.push_back(cell(arm, metric.info.unit));
        if (&arm == &metric.arms.front())
            row.changes.emplace_back();
        else if (arm.change)
            row.changes.push_back(change_figure(*arm.change, metric.info.unit) + "  " + verdict_figure(arm));
        else
            row.changes.push_back(arm.verdict == Verdict::NotJudged ? arm.why : verdict_figure(arm) + ": " + arm.why);
    }
    return row;
}

template<class Value> Row pooled_row(const MetricResult& metric, const char* what, Value value) {
    Row row{fmt::format("  {} of all", what), {}, {}, false};
    const auto& base = metric.arms.front().pooled;
    for (const auto& arm : metric.arms) {
        row.cells.push_back(arm.pooled ? figure(value(*arm.pooled), metric.info.unit) : "-");
        bool change = &arm != &metric.arms.front() && arm.pooled && base;
        row.changes.push_back(change ? factor(ratio_of(value(*arm.pooled), value(*base))) : "");
    }
    return row;
}

void function_rows(const ReportInput& input, std::vector<Row>& rows) {
    auto add = [&](const FunctionRow& function) {
        Row row{"  " + function.function, {}, {}, false};
        for (const auto& arm : function.arms)
            row.cells.push_back(arm ? spread_figure(*arm, Unit::Count) : "-");
        rows.push_back(std::move(row));
    };
    for (std::size_t i = 0; i < std::min(input.functions.size(), shown_functions); ++i)
        add(input.functions[i]);
    if (input.rest) add(*input.rest);
}

std::vector<Row> table_rows(const ReportInput& input) {
    std::vector<Row> rows = {{"Counts per boot (counted pass: every probe armed)", {}, {}, false}};
    bool latencies = false;
    for (const auto& metric : input.comparison.metrics) {
        if (metric.arms.empty()) continue;
        const auto& info = metric.info;
        if (info.unit == Unit::Count) {
            rows.push_back(metric_row(metric, info.label));
            // Known by arithmetic alone: a change would be told twice.
            if (info.name == "injections" || info.name == "predicted_sync") {
                rows.back().changes.assign(metric.arms.size(), "");
                rows.back().judged = false;
            }
            if (info.name == "other_ipis") function_rows(input, rows);
            continue;
        }
        if (!std::exchange(latencies, true)) rows.push_back({"Latencies (timed pass: only the latencies' own probes)", {}, {}, false});
        rows.push_back(metric_row(metric, fmt::format("{}, {}", info.label, info.per_boot)));
        if (info.per_boot != "median") rows.push_back(pooled_row(metric, "median", [](const Pooled& p) { return p.median; }));
        rows.push_back(pooled_row(metric, "p99", [](const Pooled& p) { return p.p99; }));
        rows.push_back(pooled_row(metric, "max", [](const Pooled& p) { return p.max; }));
    }
    return rows;
}

class Page {
 public:
    // `indent` is that of the lines a long one is broken into.
    void line(std::string_view text = "", std::size_t indent = 4) {
        while (text.ends_with(' '))
            text.remove_suffix(1);
        out_ += wrapped(printable(text), page, indent);
        out_ += '\n';
    }
    // A label in its own column and text beside it, broken there.
    void entry(const std::string& label, std::string_view text, std::size_t width = 13) {
        line("  " + padded(label, width) + " " + std::string(text), display_width(label) > width ? 6 : width + 3);
    }
    void raw(std::string_view text) { out_ += text; }
    std::string take() { return std::move(out_); }

 private:
    std::string out_;
};

std::string short_label(const std::string& label) {
    constexpr std::size_t room = label_width - 3; // two columns of indent, one of gap
    if (display_width(label) <= room) return label;
    // Only function names are this long, and they are ASCII. Cut in the middle: both ends tell names apart.
    constexpr std::size_t end = (room - 3) / 2;
    return label.substr(0, room - 3 - end) + "..." + label.substr(label.size() - end);
}

// Cells of the arms [first, last); with `change`, that arm's change behind them.
void table(Page& out, const std::vector<Row>& rows, const std::vector<Arm>& arms, std::size_t first, std::size_t last, std::size_t change) {
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
    bool any = false;
    for (const auto& metric : input.comparison.metrics)
        for (const auto& arm : metric.arms)
            any = any || !arm.boots.empty();
    if (!any) {
        out.line("No boot was measured.");
        out.line();
        return;
    }
    auto rows = table_rows(input);
    std::vector<std::size_t> widths;
    for (std::size_t arm = 0; arm < arms.size(); ++arm) {
        widths.push_back(display_width(arms[arm].name) + 2);
        for (const auto& row : rows)
            if (!row.cells.empty()) widths.back() = std::max(widths.back(), display_width(row.cells[arm]) + 2);
    }
    if (arms.size() == 2 && label_width + widths[0] + widths[1] + change_room <= page) {
        table(out, rows, arms, 0, 2, 1);
        return;
    }
    // As many arms side by side as fit, then the changes arm by arm.
    for (std::size_t first = 0; first < arms.size();) {
        auto last = first;
        for (auto used = label_width; last < arms.size() && (last == first || used + widths[last] <= page); ++last)
            used += widths[last];
        table(out, rows, arms, first, last, 0);
        first = last;
    }
    for (std::size_t arm = 1; arm < arms.size(); ++arm) {
        out.line(fmt::format("Change of {} against {} [95 % interval]", arms[arm].name, arms[0].name));
        for (const auto& row : rows)
            if (row.judged) out.line(padded("  " + short_label(row.label), label_width) + " " + row.changes[arm], label_width + 4);
        out.line();
    }
}

// What fell beside what rose: one cannot be read without the other.
void gains_and_costs(Page& out, const ReportInput& input) {
    const auto& comparison = input.comparison;
    for (std::size_t arm = 1; arm < input.spec.arms.size(); ++arm) {
        std::vector<std::string> fell, rose, same, unclear;
        for (const auto& metric : comparison.metrics) {
            const auto& one = metric.arms[arm];
            if (!one.change || metric.info.name == "injections" || metric.info.name == "predicted_sync") continue;
            auto label = metric.info.label.substr(metric.info.label.find_first_not_of(' '));
            if (metric.info.name == "bystander_interrupts") label = "bystander interrupts";
            auto amount = std::isinf(one.change->ratio.value) ? "from 0" : factor(one.change->ratio.value);
            auto text = label + " " + amount;
            bool failed = one.verdict == Verdict::Broken || one.verdict == Verdict::Regressed;
            auto declared = one.declared.empty() ? " (nothing declared)" : fmt::format(" (declared: {})", one.declared);
            switch (one.change->direction) {
            case Direction::Fell:
                fell.push_back(failed ? text + declared : text);
                break;
            case Direction::Rose:
                rose.push_back(text + declared);
                break;
            case Direction::Same:
                same.push_back(label);
                break;
            case Direction::Unclear:
                unclear.push_back(text);
                break;
            }
        }
        out.line(fmt::format("{} against {}", input.spec.arms[arm].name, input.spec.arms[0].name));
        auto list = [&](const char* label, const std::vector<std::string>& items) {
            if (!items.empty()) out.entry(label, fmt::format("{}", fmt::join(items, "; ")), 9);
        };
        list("fell", fell);
        list("rose", rose);
        list("same", same);
        list("undecided", unclear);
    }
    out.line();
}

void details(Page& out, const Comparison& comparison) {
    bool any = false;
    for (const auto& metric : comparison.metrics)
        for (const auto& arm : metric.arms) {
            if (arm.verdict == Verdict::NotJudged || (*mark(arm.verdict) && mark(arm.verdict) == std::string("✔"))) continue;
            if (!std::exchange(any, true)) out.line("Expectations that do not hold or are not decided");
            out.line(fmt::format("  {} {} in {}: {}; declared {}; {}", mark(arm.verdict), metric.info.name, arm.arm, words(arm.verdict), arm.declared,
                                 arm.why));
        }
    if (any) out.line();
}

void proofs(Page& out, const ReportInput& input) {
    const auto& comparison = input.comparison;
    if (input.spec.target.same_path) {
        out.line("Proofs that every arm ran the target as often, and that nothing was made to fail beside it");
        out.line("    ! target.same_path: no witness tells the arms apart; that a changed line ran is not shown", 8);
    } else {
        out.line("Proofs that the changed line was compiled in and ran, and that nothing else was made to fail");
    }
    for (const auto& arm : comparison.proofs) {
        auto held = std::count_if(arm.proofs.begin(), arm.proofs.end(), [](const Proof& p) { return p.passed; });
        if (arm.all_pass()) {
            out.entry(arm.arm, fmt::format("✔ {} of {} proofs hold in every boot", held, arm.proofs.size()));
            continue;
        }
        out.entry(arm.arm, fmt::format("✘ {} of {} proofs hold", held, arm.proofs.size()));
        // Proofs that have no boot to look at say the same thing over and over.
        std::vector<std::string> unexamined;
        for (const auto& proof : arm.proofs) {
            if (proof.passed) continue;
            if (proof.found.starts_with("no boot,")) {
                unexamined.push_back(proof.id);
                continue;
            }
            out.line(fmt::format("    ✘ {} ({}): {}", proof.id, proof.claim, proof.found), 8);
            out.line("      probably: " + proof.reason, 8);
        }
        if (!unexamined.empty()) out.line(fmt::format("    ✘ without a boot there is none for: {}", fmt::join(unexamined, ", ")), 8);
    }
    out.line();
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

void warnings(Page& out, const ReportInput& input) {
    if (input.warnings.empty()) return;
    out.line("Warnings");
    for (const auto& warning : input.warnings)
        out.line("  ! " + warning);
    out.line();
}

// One patch a line, so that a name can be copied.
void patch_list(Page& out, const std::vector<std::string>& patches) {
    for (const auto& patch : patches)
        out.raw("      " + printable(patch) + "\n");
}

// Patches that expose the path belong to every arm; the others are what is compared.
void patches(Page& out, const ReportInput& input) {
    auto enabling = [&](const std::string& patch) {
        return std::any_of(input.spec.kernel.enable.begin(), input.spec.kernel.enable.end(),
                           [&](const auto& folder) { return patch.starts_with(folder.string() + "/"); });
    };
    out.line("Kernels");
    std::vector<std::string> shared; // of the first arm that says so: all arms get the same
    for (const auto& kernel : input.run.kernels) {
        std::vector<std::string> own;
        for (const auto& patch : kernel.patches) {
            if (!enabling(patch))
                own.push_back(patch);
            else if (std::find(shared.begin(), shared.end(), patch) == shared.end())
                shared.push_back(patch);
        }
        out.entry(kernel.arm, fmt::format("{} image {:.12}{}", kernel.facts.version, kernel.facts.image_sha256, own.empty() ? ", no patch of its own" : ""));
        patch_list(out, own);
    }
    out.entry("every arm", shared.empty() ? "no enabling patch" : "enabling patches: they expose the path and are not under test");
    patch_list(out, shared);
    out.line();
}

std::string shell_word(const std::string& word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
    std::string out = "'";
    for (char c : word)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// Broken over lines so that it can still be pasted.
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
    const auto& run = input.run;
    std::set<std::string> compilers;
    for (const auto& kernel : run.kernels)
        if (!kernel.compiler.empty()) compilers.insert(kernel.compiler);
    std::vector<std::string> versions = {"rig " + run.rig_version};
    for (const auto& [what, version] : {std::pair{"qemu", run.qemu_version}, {"libvirt", run.libvirt_version}, {"perf", run.perf_version}})
        if (!version.empty()) versions.push_back(version.starts_with(what) ? version : fmt::format("{} {}", what, version));
    versions.insert(versions.end(), compilers.begin(), compilers.end());
    out.line("How this was measured");
    const auto& c = input.comparison;
    auto judged = c.held + c.unseen + c.failed + c.undecided + c.inconclusive;
    std::size_t bounds = 0;
    for (const auto& metric : c.metrics)
        for (const auto& arm : metric.arms)
            bounds += arm.test.has_value();
    out.entry("intervals", fmt::format("distribution-free, at least 95 % each, {}; the boot is the unit; "
                                       "verdicts on bounds are corrected for their number (Holm over {} of {} verdicts)",
                                       c.paired ? "median of ratios paired by seed" : "Hodges-Lehmann ratio, unpaired", bounds, judged));
    if (const auto warmup = input.spec.guest.warmup_boots; warmup && run.clock == "wall")
        out.entry("warm-up", fmt::format("the first {} boots of each arm are proven and kept, but not in any figure above", warmup));
    if (!run.seed_varies.empty()) out.entry("a seed varies", run.seed_varies);
    for (const auto& metric : input.spec.metrics)
        if (metric.custom) out.entry("metric", fmt::format("{}: {}", metric.custom->label.empty() ? metric.name : metric.custom->label, definition(*metric.custom)));
    out.entry("versions", fmt::format("{}", fmt::join(versions, "; ")));
    out.entry("time", fmt::format("{} to {}", run.started, run.ended.empty() ? "(not ended)" : run.ended) + (run.resumed ? fmt::format(", taken up again {} time{}", run.resumed, run.resumed == 1 ? "" : "s") : ""));
    command(out, run.command);
    out.entry("raw data", fmt::format("{0}/samples.jsonl, one line per boot; {0}/boots/ holds consoles and perf output", input.run_dir));
    out.line();
}

void title(Page& out, const ReportInput& input) {
    const auto& run = input.run;
    std::set<std::string> versions;
    for (const auto& kernel : run.kernels)
        versions.insert(kernel.facts.version);
    out.line(input.spec.description.empty() ? input.spec.name : fmt::format("{}: {}", input.spec.name, input.spec.description), 2);
    out.line(fmt::format("kernel {}, {} clock on {}, {} vCPUs, {} boots per arm, seed {}", fmt::join(versions, " and "), run.clock, run.accelerator,
                         run.vcpus, run.boots, run.seed),
             2);
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
        for (auto [mark, code] : {Rule{"✔", "\033[32m"}, Rule{"✘", "\033[31m"}, Rule{"? ", "\033[33m"}, Rule{"  ! ", "\033[33m"}})
            if (!done && left.starts_with(mark)) {
                out += fmt::format("{}{}\033[0m", code, mark);
                i += mark.size();
                done = true;
            }
        if (!done) out += text[i++];
    }
    return out;
}

const char* closing_mark(const Comparison& comparison) {
    if (comparison.exit == Exit::Broken) return "✘";
    return comparison.exit == Exit::AsExpected ? "✔" : "?";
}

} // namespace

std::string render_text(const ReportInput& input, Colour colour) {
    Page out;
    const auto& comparison = input.comparison;
    bool proven = std::all_of(comparison.proofs.begin(), comparison.proofs.end(), [](const ArmProofs& p) { return p.all_pass(); });
    title(out, input);
    // Without proof the figures mean little: say so before they are read.
    if (!proven) {
        out.line("? Not proven (see Proofs): figures are shown, not judged.");
        out.line();
    }
    tables(out, input);
    if (proven) {
        gains_and_costs(out, input);
        details(out, comparison);
        tests(out, input);
    }
    proofs(out, input);
    splats(out, input);
    warnings(out, input);
    patches(out, input);
    provenance(out, input);
    out.line(fmt::format("{} {}", closing_mark(comparison), comparison.closing));
    auto text = out.take();
    return colour == Colour::Yes ? coloured(text) : text;
}

} // namespace rig
