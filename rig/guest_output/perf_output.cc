// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/perf_output.h"

#include "rig/base/text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace rig {
namespace {

constexpr std::size_t kMaxEvents = 4'000'000;
constexpr std::string_view kBlanks = " \t\r";
constexpr std::size_t kMaxDepth = 128; // perf's own default limit is 127 frames

template<class T> std::optional<T> number(std::string_view text, int base = 10) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view next_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

// "  comm  tid [cpu]  sec.nsec:  event: trace". comm may hold anything, so the anchor is the first
// " [ddd] ".
std::optional<TraceEvent> parse_head(std::string_view line) {
    for (auto open = line.find('['); open != std::string_view::npos;
         open = line.find('[', open + 1)) {
        const auto close = line.find(']', open);
        if (close == std::string_view::npos) return std::nullopt;
        const auto cpu = number<unsigned>(line.substr(open + 1, close - open - 1));
        if (!cpu || close - open != 4) continue;
        TraceEvent event;
        event.cpu = *cpu;
        auto before = stripped(line.substr(0, open), kBlanks);
        const auto blank = before.find_last_of(" \t");
        const auto tid =
            number<int>(blank == std::string_view::npos ? before : before.substr(blank + 1));
        auto rest = stripped(line.substr(close + 1), kBlanks);
        const auto dot = rest.find('.');
        const auto colon = rest.find(':');
        if (!tid || dot == std::string_view::npos || colon == std::string_view::npos ||
            colon != dot + 10)
            return std::nullopt;
        const auto seconds = number<std::uint64_t>(rest.substr(0, dot)),
                   nanos = number<std::uint64_t>(rest.substr(dot + 1, 9));
        if (!seconds || !nanos || *seconds > 1'000'000'000) return std::nullopt;
        event.tid = *tid;
        event.time_ns = *seconds * 1'000'000'000 + *nanos;
        rest = stripped(rest.substr(colon + 1), kBlanks);
        const auto end = rest.find(": ");
        const auto name_end = end == std::string_view::npos ? rest.size() : end;
        event.event = stripped(rest.substr(0, name_end), kBlanks);
        while (!event.event.empty() && event.event.back() == ':')
            event.event.pop_back();
        if (end != std::string_view::npos) event.trace = stripped(rest.substr(end + 2), kBlanks);
        if (event.event.empty()) return std::nullopt;
        return event;
    }
    return std::nullopt;
}

} // namespace

Result<std::vector<StatRow>> parse_perf_stat(std::string_view text) {
    std::vector<StatRow> rows;
    for (unsigned number_of_line = 1; !text.empty(); ++number_of_line) {
        const auto line = next_line(text);
        if (stripped(line, kBlanks).empty() || line.front() == '#') continue;
        std::vector<std::string_view> fields;
        for (std::string_view rest = line; fields.size() < 5;) {
            const auto comma = rest.find(',');
            fields.push_back(rest.substr(0, comma));
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
        // CPU0,240,,csd:csd_queue_cpu,950889657,100.00,,
        const auto bad = [&](const char* what) {
            return fail(Blame::Guest, fmt::format("perf stat output, line {}: {}: '{}'",
                                                  number_of_line, what, line.substr(0, 120)));
        };
        if (fields.size() < 5 || !fields[0].starts_with("CPU"))
            return bad("want CPUn,count,unit,event,...");
        const auto cpu = number<unsigned>(fields[0].substr(3));
        if (!cpu || *cpu > 4095) return bad("bad CPU number");
        if (fields[1].starts_with("<")) return bad("the event was not counted");
        const auto count = number<std::uint64_t>(fields[1]);
        if (!count) return bad("bad count");
        rows.push_back({*cpu, *count, std::string(fields[3])});
        if (rows.size() > kMaxEvents) return bad("too many rows");
    }
    if (rows.empty()) return fail(Blame::Guest, "perf stat printed no counts");
    return rows;
}

Result<Trace> parse_perf_script(std::string_view text) {
    Trace trace;
    for (unsigned number_of_line = 1; !text.empty(); ++number_of_line) {
        const auto line = next_line(text);
        if (stripped(line, kBlanks).empty()) continue;
        if (const auto lost = line.find("PERF_RECORD_LOST"); lost != std::string_view::npos) {
            const auto at = line.find("lost ", lost);
            std::uint64_t n = 0;
            if (at != std::string_view::npos) {
                const auto digits = stripped(line.substr(at + 5), kBlanks);
                n = number<std::uint64_t>(digits.substr(0, digits.find_first_not_of("0123456789")))
                        .value_or(0);
            }
            trace.lost += std::max<std::uint64_t>(n, 1);
            continue;
        }
        if (auto event = parse_head(line)) {
            if (trace.events.size() >= kMaxEvents)
                return fail(Blame::Guest, "perf script output: too many events");
            trace.events.push_back(std::move(*event));
            continue;
        }
        // A frame of the callchain: "\tffffffff8116e9b2 free_one", or the address alone.
        const auto frame = stripped(line, kBlanks);
        const auto digits = frame.substr(0, frame.find(' '));
        const auto address = number<std::uint64_t>(digits, 16);
        if (trace.events.empty() || !address)
            return fail(
                Blame::Guest,
                fmt::format("perf script output, line {}: found '{}', want an event or a frame",
                            number_of_line, line.substr(0, 120)));
        auto& chain = trace.events.back().callchain;
        if (chain.size() < kMaxDepth)
            chain.push_back(
                {*address, std::string(stripped(frame.substr(digits.size()), kBlanks))});
    }
    std::stable_sort(
        trace.events.begin(), trace.events.end(),
        [](const TraceEvent& a, const TraceEvent& b) { return a.time_ns < b.time_ns; });
    return trace;
}

std::string_view trace_field(std::string_view trace, std::string_view name) {
    for (auto at = trace.find(name); at != std::string_view::npos; at = trace.find(name, at + 1)) {
        const bool starts = at == 0 || trace[at - 1] == ' ';
        if (!starts || at + name.size() >= trace.size() || trace[at + name.size()] != '=') continue;
        const auto value = trace.substr(at + name.size() + 1);
        return value.substr(0, value.find(' '));
    }
    return {};
}

std::optional<std::uint64_t> unnamed_address(std::string_view field) {
    if (!field.starts_with("0x")) return std::nullopt;
    return number<std::uint64_t>(field.substr(2), 16);
}

} // namespace rig
