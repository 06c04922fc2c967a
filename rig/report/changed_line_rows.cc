// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/changed_line_rows.h"

#include "rig/analysis/line_checks.h"
#include "rig/base/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace rig {
namespace {

using nlohmann::json;

constexpr std::size_t kMostNamed = 3;
constexpr std::size_t kPlaceWidth = 36;
constexpr std::size_t kSourceWidth = 30;

void widen(std::optional<CountRange>& range, std::uint64_t count) {
    if (!range) range = CountRange{count, count};
    range->low = std::min(range->low, count);
    range->high = std::max(range->high, count);
}

ChangedLineRow row_of(const LineEvidence& lines, const ArmLineMap& map, std::size_t place,
                      std::size_t line) {
    ChangedLineRow row;
    row.line = &map.map.lines[line];
    bool all = true, any = false;
    for (const auto& boot : lines.boots) {
        if (boot.arm != map.arm) continue;
        any = true;
        if (place >= boot.lines.size() || line >= boot.lines[place].size() ||
            !boot.lines[place][line]) {
            all = false;
            continue;
        }
        const auto& count = *boot.lines[place][line];
        widen(row.count_pass, count.count_pass);
        widen(row.latency_pass, count.latency_pass);
        all = all && lines.in_every_pass(count);
    }
    row.ran = any && all;
    return row;
}

std::string named(const std::vector<std::string>& places) {
    const auto shown = std::min(places.size(), kMostNamed);
    auto text = fmt::format(
        "{}", fmt::join(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
    if (places.size() > shown) text += fmt::format(" and {} more", places.size() - shown);
    return text;
}

ChangedLinesOfArm lines_of(const LineEvidence& lines, const ArmLineMap& map) {
    ChangedLinesOfArm out{map.arm, map.against, "", {}, ""};
    if (!map.map.why_not.empty()) {
        out.headline = "not mapped: " + map.map.why_not;
        return out;
    }
    const auto summary = summary_of(lines, map);
    const auto place = place_among(lines, map);
    const auto showing = showing_lines(map, lines.find(map.against, map.arm));
    std::set<std::size_t> next_to_change;
    if (summary.ran == 0)
        for (const auto& hunk : showing.borders)
            next_to_change.insert(hunk.begin(), hunk.end());
    std::set<std::pair<std::string, unsigned>> places; // a line may be next to two hunks
    std::map<std::string, std::size_t> reasons;
    for (std::size_t i = 0; i < map.map.lines.size(); ++i) {
        const auto& line = map.map.lines[i];
        const bool shown =
            line.border ? next_to_change.contains(i) && places.emplace(line.file, line.line).second
                        : !line.addresses.empty();
        if (shown)
            out.rows.push_back(row_of(lines, map, place, i));
        else if (!line.border)
            ++reasons[words_of(line.reason)];
    }
    std::vector<std::string> texts;
    for (const auto& [reason, count] : reasons)
        texts.push_back(fmt::format("{} {}", count, reason));
    out.without_code = fmt::format("{}", fmt::join(texts, "; "));
    if (summary.changed == 0)
        out.headline =
            fmt::format("no line that {} does not have; next to the change", map.against);
    else if (summary.with_code == 0)
        out.headline = fmt::format("none of {} changed line{} has instructions of its own; next to "
                                   "the change",
                                   summary.changed, summary.changed == 1 ? "" : "s");
    else
        out.headline = fmt::format(
            "{} of {} changed lines with instructions ran{}{}", summary.ran, summary.with_code,
            summary.did_not_run.empty() ? "" : "; not " + named(summary.did_not_run),
            next_to_change.empty() ? "" : "; next to other changes");
    return out;
}

std::string cut(std::string_view text) {
    auto plain = printable(stripped(text, " \t\r"));
    if (plain.size() > kSourceWidth) plain = plain.substr(0, kSourceWidth - 3) + "...";
    return plain;
}

json range_json(const std::optional<CountRange>& range) {
    if (!range) return nullptr;
    return {{"min", range->low}, {"max", range->high}};
}

} // namespace

std::string text_of(const CountRange& range) {
    return range.low == range.high ? std::to_string(range.low)
                                   : fmt::format("{}..{}", range.low, range.high);
}

std::vector<ChangedLinesOfArm> changed_lines_of(const ReportInput& input) {
    std::vector<ChangedLinesOfArm> out;
    for (const auto& arm : input.spec.arms)
        for (const auto* map : input.lines.of_arm(arm.name))
            out.push_back(lines_of(input.lines, *map));
    return out;
}

std::vector<ReportLine> changed_line_lines(const ReportInput& input, std::size_t most) {
    std::vector<ReportLine> out;
    if (!input.lines.why_not.empty())
        return {{"Changed lines: not counted: " + input.lines.why_not}};
    const auto all = changed_lines_of(input);
    if (all.empty()) return out;
    out.push_back({fmt::format("{:<{}} {:>12} {:>13}", "Changed lines: executions", kPlaceWidth + 2,
                               "count pass", "latency pass")});
    for (const auto& one : all) {
        const auto whose = input.lines.of_arm(one.arm).size() > 1
                               ? fmt::format("{} (not in {})", one.arm, one.against)
                               : one.arm;
        out.push_back({fmt::format("  {}: {}", whose, one.headline)});
        for (std::size_t i = 0; i < std::min(most, one.rows.size()); ++i) {
            const auto& row = one.rows[i];
            const auto bound = is_bound(row.line->reason) ? "<= " : "";
            const auto cell = [&](const std::optional<CountRange>& range) {
                return range ? bound + text_of(*range) : std::string("-");
            };
            out.push_back(
                {fmt::format("    {:<{}} {:>12} {:>13}  {}", printable(place_of(*row.line)),
                             kPlaceWidth, cell(row.count_pass), cell(row.latency_pass),
                             cut(row.line->text)),
                 6});
        }
        if (one.rows.size() > most)
            out.push_back({fmt::format("    and {} more (report.json)", one.rows.size() - most)});
        if (!one.without_code.empty())
            out.push_back({"    without instructions: " + one.without_code, 6});
    }
    return out;
}

json changed_lines_json(const ReportInput& input) {
    json arms = json::array();
    for (const auto& arm : input.spec.arms) {
        const auto maps = input.lines.of_arm(arm.name);
        for (std::size_t place = 0; place < maps.size(); ++place) {
            const auto& map = *maps[place];
            const auto summary = summary_of(input.lines, map);
            json lines = json::array();
            for (std::size_t i = 0; i < map.map.lines.size(); ++i) {
                const auto& line = map.map.lines[i];
                const auto row = row_of(input.lines, map, place, i);
                lines.push_back({{"file", line.file},
                                 {"line", line.line},
                                 {"text", line.text},
                                 {"border", line.border},
                                 {"reason", key_of(line.reason)},
                                 {"detail", line.detail},
                                 {"bound", is_bound(line.reason)},
                                 {"ran", row.ran},
                                 {"count_pass", range_json(row.count_pass)},
                                 {"latency_pass", range_json(row.latency_pass)}});
            }
            arms.push_back({{"arm", map.arm},
                            {"against", map.against},
                            {"not_mapped", map.map.why_not},
                            {"changed", summary.changed},
                            {"with_instructions", summary.with_code},
                            {"ran", summary.ran},
                            {"lines", std::move(lines)}});
        }
    }
    return {{"why_not", input.lines.why_not}, {"arms", std::move(arms)}};
}

} // namespace rig
