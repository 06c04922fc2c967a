// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/counted_lines.h"

#include "rig/base/text.h"
#include "rig/cli/counted_functions.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

bool is_counted(const MappedLine& line) {
    return is_counted(line.reason) || is_bound(line.reason);
}

// Of a line without a length of its own, the first byte of its instruction.
std::uint64_t end_of(const LineAddress& at) {
    return std::max(at.end, at.start + 1);
}

} // namespace

std::vector<CountedRange> ranges_of(const LineMap& map) {
    std::vector<CountedRange> ranges;
    if (!map.why_not.empty()) return ranges;
    for (const auto& line : map.lines)
        if (is_counted(line))
            for (const auto& at : line.addresses)
                ranges.push_back({at.start, end_of(at) - at.start});
    return ranges;
}

std::optional<std::uint64_t> executions(const MappedLine& line, const InstructionCounts& counts,
                                        CountWindow window) {
    std::optional<std::uint64_t> most;
    if (!is_counted(line)) return most;
    // A bound of several copies: each of them may run.
    if (is_bound(line.reason)) {
        for (const auto& at : line.addresses)
            if (const auto count = counts.total(window, at.start)) most = most.value_or(0) + *count;
        return most;
    }
    for (const auto& at : line.addresses)
        for (auto address = at.start; address < end_of(at); ++address)
            if (const auto count = counts.total(window, address))
                most = std::max(most.value_or(0), *count);
    return most;
}

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
        const auto count_pass = executions(line, counts, CountWindow::CountPass),
                   latency_pass = executions(line, counts, CountWindow::LatencyPass),
                   rest = executions(line, counts, CountWindow::Rest);
        if (!count_pass || !latency_pass || !rest) {
            text +=
                wrapped(fmt::format("  {:<32} {}", printable(name), reason_of(line)), page, 35) +
                "\n";
            continue;
        }
        const bool bound = is_bound(line.reason);
        const auto cell = [&](std::uint64_t count) {
            return fmt::format("{}{}", bound ? "<= " : "", count);
        };
        text += fmt::format("  {:<32} {:>12} {:>12} {:>12}{}\n", printable(name), cell(*count_pass),
                            cell(*latency_pass), cell(*rest),
                            line.border ? "  next to the change" : "");
        if (line.border || bound) continue;
        ++with_code;
        ran += *count_pass > 0 || *latency_pass > 0;
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

} // namespace rig
