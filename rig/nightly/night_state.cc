// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/night_state.h"

#include "rig/base/text.h"
#include "rig/workloads/older_names.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {

using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CellParts, source, kernel, text, rig)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CellMemory, first_seen, last, last_run, seconds, parts, changed,
                                   good_run, good)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Confirmation, what, outcome, why, run)
// Keys that an older rig did not write stay empty.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(CellResult, cell, tree, state, why, commit, parts,
                                                expected, guessed, attempts, run, verdict, closing,
                                                seconds, began, resumed, confirmations)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Night, id, config, config_sha256, since, started, ended,
                                   ended_why, spent, cells)

namespace {

constexpr unsigned kNightFormat = 1; // raise it if a key changes its meaning or is removed

std::string dumped(const json& value) {
    return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

template<class T>
Result<T> read(std::string_view text, const std::filesystem::path& file, const char* what,
               const char* key) {
    try {
        const auto all = json::parse(text);
        if (all.at("format") != kNightFormat)
            return fail(FaultDomain::Host,
                        fmt::format("{}: format {}, want {} (of another version of rig)",
                                    file.string(), all.at("format").dump(), kNightFormat),
                        file);
        return all.at(key).get<T>();
    } catch (const json::exception& e) {
        return fail(
            FaultDomain::Host,
            fmt::format("{}: {}; want {} as rig nightly writes it", file.string(), e.what(), what),
            file);
    }
}

// Whether a candidate is unresolved because the host failed its re-run. A re-run that does not
// confirm it resolves it.
bool in_doubt(const CellResult& cell) {
    return std::any_of(cell.confirmations.begin(), cell.confirmations.end(),
                       [](const Confirmation& one) { return one.outcome == "host fault"; });
}

const char* mark_code(const CellResult& cell) {
    return cell.state == "done" && cell.verdict == "pass" ? "\033[32m"
           : cell.verdict == "fail"                       ? "\033[31m"
                                                          : "\033[33m";
}

std::string outcome_of(const CellResult& cell) {
    return cell.state == "done" || cell.state == "ran" ? cell.verdict
           : cell.state == "planned"                   ? "not run"
                                                       : cell.state;
}

std::string exit_words(Exit exit) {
    switch (exit) {
    case Exit::Pass:
        return "all passed";
    case Exit::Fail:
        return "a confirmed regression is open";
    case Exit::Host:
        return "faults of the host, and nothing else";
    default:
        return "inconclusive: a cell says nothing of its kernels, or no cell ran";
    }
}

} // namespace

// Checks for inconclusive before host fault, because exit code 3 means host faults only.
Exit Night::exit(const IncidentBook& book) const {
    if (book.regression_open()) return Exit::Fail;
    bool host = false, ran = false;
    for (const auto& cell : cells) {
        if (cell.state == "host fault")
            host = true;
        else if (cell.state == "no run")
            return Exit::Inconclusive;
        else if (cell.state == "done") {
            ran = true;
            // A failed cell without an open incident was not confirmed.
            if (cell.verdict != "pass" || in_doubt(cell)) return Exit::Inconclusive;
        }
    }
    if (host) return Exit::Host;
    const bool unchanged = std::all_of(cells.begin(), cells.end(), [](const CellResult& cell) {
        return cell.state == "left out";
    });
    return ran || unchanged ? Exit::Pass : Exit::Inconclusive; // "nothing changed" is a result
}

std::string night_json(const Night& night) {
    return dumped({{"format", kNightFormat}, {"night", night}});
}
Result<Night> night_from_json(std::string_view text, const std::filesystem::path& file) {
    RIG_TRY(night, read<Night>(text, file, "a night", "night"));
    for (auto& cell : night.cells)
        cell.verdict = older::verdict(cell.verdict), cell.closing = older::closing(cell.closing);
    return std::move(night);
}
std::string memory_json(const NightMemory& memory) {
    return dumped({{"format", kNightFormat}, {"cells", memory}});
}
Result<NightMemory> memory_from_json(std::string_view text, const std::filesystem::path& file) {
    return read<NightMemory>(text, file, "the cells' memory", "cells");
}

std::string night_text(const Night& night, const IncidentBook& book, bool colour) {
    std::string out =
        fmt::format("night {} of {}{}: {} cell{}, {} spent in runs\n\n", night.id, night.config,
                    night.since.empty() ? "" : " since " + night.since, night.cells.size(),
                    night.cells.size() == 1 ? "" : "s", duration_text(night.spent));
    std::size_t width = 4;
    for (const auto& cell : night.cells)
        width = std::max(width, std::min<std::size_t>(display_width(cell.cell), 44));
    out += fmt::format("{}  {:<12}  {:>10}  run\n", padded("cell", width), "outcome", "time");
    for (const auto& cell : night.cells) {
        auto outcome = fmt::format("{:<12}", outcome_of(cell));
        if (colour) outcome = fmt::format("{}{}\033[0m", mark_code(cell), outcome);
        out += fmt::format("{}  {}  {:>10}  {}\n", padded(printable(cell.cell), width), outcome,
                           cell.seconds > 0 ? duration_text(cell.seconds) : "-",
                           cell.run.empty() ? "-" : printable(cell.run));
        const bool ran = cell.state == "done" || cell.state == "ran";
        if (!ran)
            out += wrapped(printable(fmt::format(
                               "  {}: {}",
                               cell.state == "planned" || cell.state == "left out" ? "not run"
                                                                                   : cell.state,
                               cell.state == "planned" ? "the night is not over" : cell.why)),
                           page, 4) +
                   "\n";
        else if (cell.verdict != "pass" && !cell.closing.empty())
            out += wrapped(printable("  " + cell.closing), page, 4) + "\n";
        for (const auto& one : cell.confirmations)
            out += wrapped(printable(fmt::format("  {}: {}{}{}", one.what, one.outcome,
                                                 one.run.empty() ? "" : " by " + one.run,
                                                 one.why.empty() ? "" : "; " + one.why)),
                           page, 4) +
                   "\n";
    }
    std::string open, changed;
    for (const auto& incident : book.incidents) {
        const bool tonight = incident.opened == night.id || incident.fixed == night.id ||
                             incident.closed == night.id;
        if (incident.is_open() && incident.is_regression())
            open += incident_text(incident);
        else if (tonight)
            changed += incident_text(incident);
    }
    out += open.empty() ? "\nno regression is open\n" : "\nopen regressions\n" + open;
    if (!changed.empty()) out += "\nalso tonight\n" + changed;
    if (!book.outbox.empty())
        out += fmt::format("\n{} messages could not be sent and are kept for the next night\n",
                           book.outbox.size());
    return out + fmt::format("\n{}\n", exit_words(night.exit(book)));
}

std::string night_report_json(const Night& night, const IncidentBook& book) {
    auto out = json::parse(night_json(night));
    const auto all = json::parse(book_json(book));
    out["incidents"] = all.at("incidents");
    out["unsent"] = book.outbox.size();
    out["exit"] = static_cast<int>(night.exit(book));
    return dumped(out);
}

} // namespace rig
