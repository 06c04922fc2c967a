// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_text.h"

#include "rig/base/text.h"
#include "rig/bisect/bisect_spec.h"
#include "rig/bisect/outcome.h"
#include "rig/plan/schedule.h"
#include "rig/report/figures.h"
#include "rig/stats/estimate.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

constexpr std::size_t kWidth = 100, kNameWidth = 44;

std::string seconds_text(double seconds) {
    if (seconds < 99.5) return fmt::format("{:.1f} s", seconds);
    const auto whole = std::lround(seconds);
    return whole < 3600 ? fmt::format("{}:{:02} min", whole / 60, whole % 60)
                        : fmt::format("{}:{:02} h", whole / 3600, whole % 3600 / 60);
}

std::string shortened(const std::string& text, std::size_t width) {
    auto line = printable(text.substr(0, text.find('\n')));
    if (display_width(line) <= width) return line;
    while (display_width(line) > width - 1)
        line.pop_back();
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0) == 0x80)
        line.pop_back();
    return line + "…";
}

Unit unit_of(const BisectRecord& record) {
    return unit_named(record.request.unit);
}

std::string values_text(const BisectStep& visit, Unit unit) {
    if (visit.values.empty()) return "";
    const auto [low, high] = std::minmax_element(visit.values.begin(), visit.values.end());
    return spread_figure({*low, median(visit.values).value_or(0), *high}, unit);
}

// The build and boot times of a visit.
std::string cost_text(const BisectStep& visit) {
    if (!visit.shared_with.empty()) return fmt::format("image of {}", visit.shared_with);
    std::vector<std::string> parts;
    if (visit.from_cache)
        parts.push_back("built before");
    else
        parts.push_back(fmt::format("build {}", seconds_text(visit.build_seconds)));
    if (visit.boots)
        parts.push_back(fmt::format("{} boots {}", visit.boots, seconds_text(visit.boot_seconds)));
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string painted(const std::string& text, const char* code, Colour colour) {
    return colour == Colour::Yes ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

void add_paragraph(std::string& out, const std::string& text) {
    out += wrapped(text, kWidth, 2) + "\n";
}

std::string visits_text(const BisectRecord& record) {
    std::string out =
        fmt::format("  {:<9} {} {:<11} {:<16} {}\n", "", padded("revision", kNameWidth), "is",
                    record.request.metric.substr(0, 16), "time");
    unsigned step = 0;
    for (const auto& visit : record.bisection.visits) {
        std::string purpose = words(visit.purpose);
        if (visit.purpose == Purpose::Step && fingerprint_of(visit.outcome) != Mark::Skip)
            purpose = fmt::format("step {}", ++step);
        out += fmt::format("  {:<9} {} {:<11} {} {}\n", purpose,
                           padded(shortened(visit.revision.name, kNameWidth), kNameWidth),
                           words(visit.outcome), padded(values_text(visit, unit_of(record)), 16),
                           cost_text(visit));
        if (fingerprint_of(visit.outcome) == Mark::Skip && !visit.why.empty())
            out += fmt::format("            {}\n", shortened(visit.why, kWidth - 12));
    }
    return out;
}

// The time that was spent, and an estimate for testing every revision, from the steps that were
// built and booted.
std::string saving_text(const Bisection& b) {
    double spent = 0;
    std::vector<double> whole;
    for (const auto& visit : b.visits) {
        spent += visit.build_seconds + visit.boot_seconds;
        if (visit.purpose == Purpose::Step && visit.boots && !visit.from_cache)
            whole.push_back(visit.build_seconds + visit.boot_seconds);
    }
    auto text = fmt::format("{} of {} revisions looked at in {}", b.visits.size(), b.answers + 1,
                            seconds_text(spent));
    if (!whole.empty())
        text +=
            fmt::format("; a step took {} (median of {} built and booted), all revisions some {}",
                        seconds_text(middle(whole)), whole.size(),
                        seconds_text(static_cast<double>(b.answers + 1) * middle(whole)));
    return text;
}

std::string confidence_text(const BisectRecord& record) {
    const auto& b = record.bisection;
    const auto& request = record.request;
    if (b.wall)
        return fmt::format("at least {:.1f} % over all steps together: each was decided by a "
                           "sequential sign test with an error of at most {:.2g} % "
                           "(Ville's inequality), {} blocks of "
                           "good, revision and bad at most.",
                           100 * b.confidence,
                           100 * request.options.alpha / planned_decisions(b.answers),
                           request.options.max_boots);
    if (request.clock == "wall")
        return "none is stated: under the wall clock a run's verdict may be chance, and each "
               "commit was run once.";
    return fmt::format("virtual clock: a boot is a function of kernel and seed{}; each step is a "
                       "fact about these seeds, none an inference. It is "
                       "the right patch if nothing else in the history "
                       "changed the metric.",
                       request.options.max_boots >= kReplayedFrom &&
                               request.metric != kVerdictMetric
                           ? ", and boot 0 of both ends was replayed to see that it is"
                           : " (so few boots of the ends bring no replay that shows it)");
}

std::string answer_text(const BisectRecord& record, Colour colour) {
    const auto& b = record.bisection;
    std::string out;
    if (b.found()) {
        out += painted(fmt::format("✘ FIRST BAD: {}", printable(b.first_bad[0].name)), "1;31",
                       colour) +
               "\n";
        if (!b.checked_alone.empty()) add_paragraph(out, "  " + b.checked_alone);
        if (b.explains) {
            add_paragraph(
                out,
                fmt::format("  This step makes {:.0f} % of what the ends differ by ({} to {}).",
                            100 * *b.explains, figure(b.good, unit_of(record)),
                            figure(b.bad, unit_of(record))));
            // The rest of the difference is elsewhere: the history changes the metric more than
            // once.
            if (std::abs(*b.explains - 1) > 0.1)
                add_paragraph(out, "  ! The rest lies elsewhere: the history changes the metric in "
                                   "more than one place, and this is the one that "
                                   "crosses the middle.");
        }
    } else {
        out += painted(fmt::format("? NOT TOLD APART: the first bad one is among these {}, since "
                                   "what lies between is untestable",
                                   b.first_bad.size()),
                       "1;33", colour) +
               "\n";
        for (const auto& one : b.first_bad)
            out += fmt::format("    {}\n", printable(one.name));
    }
    for (const auto& one : b.not_monotone)
        add_paragraph(out, "  ! Not monotone: " + one +
                               ". The change came and went; this is one place where it came.");
    return out;
}

} // namespace

Exit exit_of(const Bisection& bisection) {
    return bisection.found() ? Exit::Pass : Exit::Inconclusive;
}

std::string bisect_text(const BisectRecord& record, const std::string& folder, Colour colour) {
    const auto& b = record.bisection;
    std::string out = fmt::format("{} over {}\n", record.request.metric, b.history);
    out += fmt::format("  {}, arm '{}', {} vCPUs, {} clock, seed {}\n\n", record.request.spec_file,
                       record.request.arm, record.request.vcpus, record.request.clock,
                       record.request.seed);
    if (!b.visits.empty()) out += visits_text(record) + "\n";
    std::vector<std::string> skipped;
    for (const auto& visit : b.visits)
        if (fingerprint_of(visit.outcome) == Mark::Skip && visit.purpose != Purpose::GoodEnd &&
            visit.purpose != Purpose::BadEnd)
            skipped.push_back(fmt::format("{} ({})", visit.revision.id, words(visit.outcome)));
    if (!skipped.empty())
        add_paragraph(out, fmt::format("skipped     {}", fmt::join(skipped, ", ")));
    if (!b.visits.empty()) add_paragraph(out, "spent       " + saving_text(b));
    if (b.refused.empty() && !b.first_bad.empty())
        add_paragraph(out, "confidence  " + confidence_text(record));
    if (!record.command.empty())
        add_paragraph(out, fmt::format("reproduce   {}", fmt::join(record.command, " ")));
    out += fmt::format("log         {}/bisect.json; each revision's runs lie in {}/runs\n\n",
                       folder, folder);
    if (!b.refused.empty())
        return out + painted("? NOT BISECTED: " + printable(b.refused), "1;33", colour) + "\n";
    if (b.first_bad.empty()) return out + "interrupted; the same command resumes it\n";
    return out + answer_text(record, colour);
}

nlohmann::json bisect_json(const BisectRecord& record, const std::string& folder) {
    auto out = to_json(record);
    out["folder"] = folder;
    out["found"] = record.bisection.found();
    out["exit"] = static_cast<int>(exit_of(record.bisection));
    return out;
}

} // namespace rig
