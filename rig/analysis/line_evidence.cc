// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/line_evidence.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace rig {
namespace {

bool has_counters(const MappedLine& line) {
    return is_counted(line.reason) || is_bound(line.reason);
}

// Of a line without a length of its own, the first byte of its instruction.
std::uint64_t end_of(const LineAddress& at) {
    return std::max(at.end, at.start + 1);
}

std::optional<LineCount> at_address(const InstructionCounts& counts, std::uint64_t address) {
    const auto count_pass = counts.total(CountWindow::CountPass, address),
               latency_pass = counts.total(CountWindow::LatencyPass, address),
               rest = counts.total(CountWindow::Rest, address);
    if (!count_pass || !latency_pass || !rest) return std::nullopt;
    return LineCount{*count_pass, *latency_pass, *rest};
}

} // namespace

std::vector<const ArmLineMap*> LineEvidence::of_arm(std::string_view arm) const {
    std::vector<const ArmLineMap*> out;
    for (const auto& one : maps)
        if (one.arm == arm) out.push_back(&one);
    return out;
}

const ArmLineMap* LineEvidence::find(std::string_view arm, std::string_view against) const {
    for (const auto& one : maps)
        if (one.arm == arm && one.against == against) return &one;
    return nullptr;
}

const BootLines* LineEvidence::boot(std::string_view arm, unsigned index) const {
    for (const auto& one : boots)
        if (one.index == index && one.arm == arm) return &one;
    return nullptr;
}

bool is_counted_exactly(const MappedLine& line) {
    return is_counted(line.reason);
}

std::vector<CountedRange> ranges_of(const LineMap& map) {
    std::vector<CountedRange> ranges;
    if (!map.why_not.empty()) return ranges;
    for (const auto& line : map.lines)
        if (has_counters(line))
            for (const auto& at : line.addresses)
                ranges.push_back({at.start, end_of(at) - at.start});
    return ranges;
}

std::vector<CountedRange> ranges_of(const std::vector<const ArmLineMap*>& maps) {
    std::vector<CountedRange> all;
    for (const auto* one : maps) {
        const auto ranges = ranges_of(one->map);
        all.insert(all.end(), ranges.begin(), ranges.end());
        for (const auto& [function, address] : one->entries)
            all.push_back({address, 1});
    }
    return all;
}

std::optional<LineCount> executions(const MappedLine& line, const InstructionCounts& counts) {
    std::optional<LineCount> most;
    if (!has_counters(line)) return most;
    for (const auto& at : line.addresses) {
        for (auto address = at.start; address < end_of(at); ++address) {
            const auto count = at_address(counts, address);
            if (!count) continue;
            if (!most) most = LineCount{};
            if (is_bound(line.reason)) { // each of several copies may run
                most->count_pass += count->count_pass;
                most->latency_pass += count->latency_pass;
                most->rest += count->rest;
                continue;
            }
            most->count_pass = std::max(most->count_pass, count->count_pass);
            most->latency_pass = std::max(most->latency_pass, count->latency_pass);
            most->rest = std::max(most->rest, count->rest);
        }
    }
    return most;
}

BootLines count_boot(const std::vector<const ArmLineMap*>& maps, std::string arm, unsigned index,
                     const InstructionCounts& counts) {
    BootLines boot;
    boot.arm = std::move(arm);
    boot.index = index;
    if (!counts.counted())
        boot.why_not = "the plugin saw no guest";
    else if (!counts.windows_complete())
        boot.why_not = "a pass did not begin or did not end";
    boot.exact = counts.exact();
    for (const auto* one : maps) {
        auto& lines = boot.lines.emplace_back();
        for (const auto& line : one->map.lines)
            lines.push_back(executions(line, counts));
        for (const auto& [function, address] : one->entries)
            if (const auto count = at_address(counts, address)) boot.entries[function] = *count;
    }
    return boot;
}

std::string place_of(const MappedLine& line) {
    return fmt::format("{}:{}", line.file, line.line);
}

std::string_view base_name(std::string_view function) {
    return function.substr(0, function.find('.'));
}

} // namespace rig
