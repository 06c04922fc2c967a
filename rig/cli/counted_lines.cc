// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/counted_lines.h"

#include "rig/base/text.h"
#include "rig/cli/counted_functions.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {

std::string counted_lines_text(const ArmLines& lines, const InstructionCounts& counts) {
    const auto& map = lines.map;
    if (!map.why_not.empty())
        return wrapped("  ! lines were not counted: " + map.why_not, page, 4) + "\n";
    std::string text = fmt::format("  {:<32} {:>12} {:>12} {:>12}\n", "changed line", "count pass",
                                   "latency pass", "rest");
    std::size_t with_code = 0, ran = 0;
    for (std::size_t i = 0, end = 0; i < map.lines.size(); i = end) {
        const auto& line = map.lines[i];
        const auto last = end_of_entry(map.lines, i);
        end = last + 1;
        auto name = fmt::format("{}:{}", line.file, line.line);
        if (last > i) name += fmt::format("-{}", map.lines[last].line);
        const auto count = executions(line, counts);
        if (!count) {
            text +=
                wrapped(fmt::format("  {:<32} {}", printable(name), reason_of(line)), page, 35) +
                "\n";
            continue;
        }
        const bool bound = is_bound(line.reason);
        const auto cell = [&](std::uint64_t count) {
            return fmt::format("{}{}", bound ? "<= " : "", count);
        };
        text += fmt::format("  {:<32} {:>12} {:>12} {:>12}{}\n", printable(name),
                            cell(count->count_pass), cell(count->latency_pass), cell(count->rest),
                            line.border ? "  next to the change" : "");
        if (line.border || bound) continue;
        ++with_code;
        ran += count->count_pass > 0 || count->latency_pass > 0;
    }
    if (!counts.counted() || !counts.windows_complete()) return text + counting_warnings(counts);
    if (with_code > 0)
        text +=
            fmt::format("  {} of {} changed lines with instructions ran while the workload did\n",
                        ran, with_code);
    else
        text += "  no changed line has instructions of its own in this kernel\n";
    return text + counting_warnings(counts);
}

nlohmann::json counted_lines_json(const ArmLines& lines, const InstructionCounts& counts) {
    auto all = nlohmann::json::array();
    for (const auto& line : lines.map.lines) {
        const auto count = executions(line, counts);
        nlohmann::json one{
            {"file", line.file},
            {"line", line.line},
            {"reason", lines.map.why_not.empty() ? key_of(line.reason) : "not-mapped"},
            {"border", line.border},
            {"bound", count && !is_counted_exactly(line)},
            {"count_pass", nullptr},
            {"latency_pass", nullptr},
            {"rest", nullptr}};
        if (count) {
            one["count_pass"] = count->count_pass;
            one["latency_pass"] = count->latency_pass;
            one["rest"] = count->rest;
        }
        all.push_back(std::move(one));
    }
    return all;
}

} // namespace rig
