// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/suite_report.h"

#include "rig/base/text.h"
#include "rig/report/figures.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

constexpr unsigned kSuiteFormat = 1; // raised when a key changes its meaning or is removed

const char* mark(CheckVerdict verdict) {
    return verdict == CheckVerdict::Holds ? "✔" : verdict == CheckVerdict::Fails ? "✘" : "?";
}
const char* words(CheckVerdict verdict) {
    return verdict == CheckVerdict::Holds   ? "holds"
           : verdict == CheckVerdict::Fails ? "does not hold"
                                            : "open";
}
const char* code(CheckVerdict verdict) {
    return verdict == CheckVerdict::Holds   ? "\033[32m"
           : verdict == CheckVerdict::Fails ? "\033[31m"
                                            : "\033[33m";
}

std::string closing(const SuiteResult& result) {
    std::size_t held = 0, failed = 0, open = 0, controls = 0, caught = 0;
    for (const auto& point : result.points) {
        (point.verdict() == CheckVerdict::Holds   ? held
         : point.verdict() == CheckVerdict::Fails ? failed
                                                  : open)++;
        for (const auto& check : point.checks) {
            controls += check.control;
            caught += check.control && check.verdict == CheckVerdict::Holds;
        }
    }
    auto text = fmt::format("{} of {} points hold", held, result.points.size());
    if (failed) text += fmt::format(", {} not", failed);
    if (open) text += fmt::format(", {} open", open);
    text += fmt::format("; {} of {} negative controls were seen to fail", caught, controls);
    return text;
}

} // namespace

std::string suite_text(const SuiteResult& result, bool colour) {
    std::string out;
    const auto line = [&](const std::string& text, std::size_t indent) {
        out += wrapped(printable(text), page, indent) + "\n";
    };
    const auto marked = [&](CheckVerdict verdict) {
        return colour ? fmt::format("{}{}\033[0m", code(verdict), mark(verdict))
                      : std::string(mark(verdict));
    };
    line(result.description.empty() ? result.name
                                    : fmt::format("{}: {}", result.name, result.description),
         2);
    for (const auto& point : result.points) {
        out +=
            fmt::format("\n{} {}: {}\n", marked(point.verdict()), point.id, words(point.verdict()));
        line(fmt::format("  claim     {}", point.claim), 12);
        if (!point.answer.empty()) line(fmt::format("  answer    {}", point.answer), 12);
        for (const auto& check : point.checks) {
            // Wrap before adding colour codes, which have no width.
            auto text =
                wrapped(printable(fmt::format("  {} {}{}", mark(check.verdict),
                                              check.control ? "control: " : "", check.what)),
                        page, 4);
            if (colour)
                text.replace(text.find(mark(check.verdict)),
                             std::string(mark(check.verdict)).size(), marked(check.verdict));
            out += text + "\n";
            line("      " + check.found, 8);
            for (const auto& evidence : check.evidence)
                line("      " + evidence, 8);
            if (!check.run.empty()) out += "      " + printable(check.run) + "\n";
        }
        for (const auto& plot : point.plots)
            for (const auto& text : plot_text(plot, page - 6))
                out += "      " + printable(text) + "\n";
    }
    out += fmt::format("\n  time      {} to {}\n", result.started,
                       result.ended.empty() ? "(not ended)" : result.ended);
    if (!result.command.empty())
        out += fmt::format("  reproduce {}\n", fmt::join(result.command, " "));
    out += fmt::format("  raw data  {}/suite.json names the folder of every run\n", result.dir);
    const auto exit = result.exit();
    const auto whole = result.ended.empty() ? CheckVerdict::Open
                       : exit == Exit::Pass ? CheckVerdict::Holds
                       : exit == Exit::Fail ? CheckVerdict::Fails
                                            : CheckVerdict::Open;
    out += fmt::format("\n{} {}{}\n", marked(whole), result.ended.empty() ? "INTERRUPTED: " : "",
                       closing(result));
    return out;
}

json suite_json(const SuiteResult& result) {
    json points = json::array();
    for (const auto& point : result.points) {
        json checks = json::array();
        for (const auto& check : point.checks)
            checks.push_back({{"what", check.what},
                              {"control", check.control},
                              {"verdict", words(check.verdict)},
                              {"found", check.found},
                              {"evidence", check.evidence},
                              {"run", check.run}});
        json plots = json::array();
        for (const auto& plot : point.plots) {
            json rows = json::array();
            for (const auto& row : plot.rows)
                rows.push_back({{"x", row.x},
                                {"arm", row.arm},
                                {"low", row.spread.min},
                                {"median", row.spread.median},
                                {"high", row.spread.max}});
            plots.push_back({{"label", plot.label},
                             {"over", plot.key},
                             {"unit", unit_name(plot.unit)},
                             {"rows", rows}});
        }
        points.push_back({{"id", point.id},
                          {"claim", point.claim},
                          {"answer", point.answer},
                          {"verdict", words(point.verdict())},
                          {"checks", checks},
                          {"plots", plots}});
    }
    return {{"format", kSuiteFormat},
            {"suite", result.name},
            {"description", result.description},
            {"started", result.started},
            {"ended", result.ended},
            {"command", result.command},
            {"dir", result.dir},
            {"points", points},
            {"exit", static_cast<int>(result.exit())},
            {"closing", closing(result)}};
}

} // namespace rig
