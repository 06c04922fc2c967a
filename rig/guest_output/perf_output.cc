// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/perf_output.h"

#include "rig/base/text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
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

bool decimal(char c) {
    return c >= '0' && c <= '9';
}

// Takes the digits at `at`, with or without a sign, and advances `at` past them.
std::string_view take_digits(std::string_view text, std::size_t& at) {
    const auto begin = at;
    if (at < text.size() && text[at] == '-') ++at;
    while (at < text.size() && decimal(text[at]))
        ++at;
    return text.substr(begin, at - begin);
}

bool take(std::string_view text, std::size_t& at, std::string_view wanted) {
    if (!text.substr(std::min(at, text.size())).starts_with(wanted)) return false;
    at += wanted.size();
    return true;
}

// What perf prints after the process name: "%7d [%03d] %5lu.%09llu: ".
struct Stamp {
    std::string_view tid, cpu, seconds, nanos;
    std::size_t end = 0; // where the event's name begins
};

// The stamp whose CPU bracket opens at `open`.
std::optional<Stamp> stamp_at(std::string_view text, std::size_t open) {
    if (open < 2 || text[open - 1] != ' ') return std::nullopt;
    auto tid = open - 1;
    while (tid > 0 && decimal(text[tid - 1]))
        --tid;
    if (tid > 0 && text[tid - 1] == '-') --tid;
    if (tid == open - 1 || tid == 0 || text[tid - 1] != ' ') return std::nullopt;
    Stamp stamp;
    stamp.tid = text.substr(tid, open - 1 - tid);
    auto at = open + 1;
    stamp.cpu = take_digits(text, at);
    if (stamp.cpu.size() < 3 || stamp.cpu.size() > 4 || !take(text, at, "] ")) return std::nullopt;
    while (take(text, at, " ")) {
    }
    stamp.seconds = take_digits(text, at);
    if (stamp.seconds.empty() || !take(text, at, ".")) return std::nullopt;
    stamp.nanos = take_digits(text, at);
    if (stamp.nanos.size() != 9 || !decimal(stamp.nanos[0]) || !take(text, at, ": "))
        return std::nullopt;
    stamp.end = at;
    return stamp;
}

// A program chooses its name, which may contain newlines, so the name is not parsed: the stamp
// after it is searched for. A name cannot forge a stamp: it has at most 15 bytes, and a stamp needs
// 22. Nor can a name complete its own beginning of a stamp with the real one that perf prints next:
// that begins with a blank and the thread ID, where the time would have to continue.
constexpr std::size_t kNameWidth = 16;
// After the name, a blank and the padding of the number.
constexpr std::size_t kTidAt = kNameWidth + 1 + 6;
constexpr std::size_t kBracketAt = kTidAt + 11 + 1; // after a 32-bit number and a blank

std::optional<Stamp> find_stamp(std::string_view text) {
    const auto near = text.substr(0, kBracketAt + 1);
    for (auto open = near.find('['); open != std::string_view::npos;
         open = near.find('[', open + 1))
        if (auto stamp = stamp_at(text, open))
            if (open - 1 - stamp->tid.size() <= kTidAt) return stamp;
    return std::nullopt;
}

// A frame of a callchain: "\t%16lx" and the function's name. No process name looks like a frame:
// with the tab it would need 17 bytes.
std::optional<Frame> parse_frame(std::string_view line) {
    if (!line.starts_with('\t') || line.size() < 1 + kNameWidth) return std::nullopt;
    if (line.size() > 1 + kNameWidth && line[1 + kNameWidth] != ' ') return std::nullopt;
    auto digits = line.substr(1, kNameWidth);
    digits.remove_prefix(std::min(digits.size(), digits.find_first_not_of(' ')));
    const auto address = number<std::uint64_t>(digits, 16);
    if (!address) return std::nullopt;
    return Frame{*address, std::string(stripped(line.substr(1 + kNameWidth), kBlanks))};
}

// "17" of "PERF_RECORD_LOST lost 17". A record without a number counts as one lost event.
std::uint64_t lost_events(std::string_view record) {
    constexpr std::string_view word = "lost ";
    const auto found = record.find(word);
    if (found == std::string_view::npos) return 1;
    auto at = found + word.size();
    return std::max<std::uint64_t>(number<std::uint64_t>(take_digits(record, at)).value_or(0), 1);
}

// The event after the stamp: "csd:csd_queue_cpu: cpu=1 ...".
std::optional<TraceEvent> parse_event(const Stamp& stamp, std::string_view text) {
    const auto cpu = number<unsigned>(stamp.cpu);
    const auto tid = number<int>(stamp.tid);
    const auto seconds = number<std::uint64_t>(stamp.seconds),
               nanos = number<std::uint64_t>(stamp.nanos);
    if (!cpu || !tid || !seconds || !nanos || *seconds > 1'000'000'000) return std::nullopt;
    TraceEvent event;
    event.cpu = *cpu;
    event.tid = *tid;
    event.time_ns = *seconds * 1'000'000'000 + *nanos;
    const auto end = text.find(": ");
    event.event = stripped(text.substr(0, end), kBlanks);
    while (!event.event.empty() && event.event.back() == ':')
        event.event.pop_back();
    if (end != std::string_view::npos) event.trace = stripped(text.substr(end + 2), kBlanks);
    if (event.event.empty()) return std::nullopt;
    return event;
}

tl::unexpected<Error> not_understood(unsigned line_number, std::string_view line) {
    return fail(FaultDomain::Guest,
                fmt::format("perf script output, line {}: found '{}', want an event or a frame",
                            line_number, printable(line.substr(0, 120))));
}

tl::unexpected<Error> bad_row(unsigned line_number, std::string_view line, std::string_view what) {
    return fail(FaultDomain::Guest, fmt::format("perf stat output, line {}: {}: '{}'", line_number,
                                                what, line.substr(0, 120)));
}

constexpr unsigned kMaxCpu = 4095;

// For example: CPU0,240,,csd:csd_queue_cpu,950889657,100.00,,
Result<StatRow> csv_row(std::string_view line, unsigned line_number) {
    std::vector<std::string_view> fields;
    for (std::string_view rest = line; fields.size() < 5;) {
        const auto comma = rest.find(',');
        fields.push_back(rest.substr(0, comma));
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
    }
    if (fields.size() < 5 || !fields[0].starts_with("CPU"))
        return bad_row(line_number, line, "want CPUn,count,unit,event,...");
    const auto cpu = number<unsigned>(fields[0].substr(3));
    if (!cpu || *cpu > kMaxCpu) return bad_row(line_number, line, "bad CPU number");
    if (fields[1].starts_with("<")) return bad_row(line_number, line, "the event was not counted");
    const auto count = number<std::uint64_t>(fields[1]);
    if (!count) return bad_row(line_number, line, "bad count");
    return StatRow{*cpu, *count, std::string(fields[3])};
}

// For example: {"cpu" : "0", "counter-value" : "240.000000", "unit" : "", "event" :
// "csd:csd_queue_cpu", ...} perf prints all numbers that are needed here as strings, and counts
// with decimals.
Result<StatRow> json_row(std::string_view line, unsigned line_number) {
    const auto row = nlohmann::json::parse(line, nullptr, false);
    const auto text_of = [&](const char* key) -> std::optional<std::string> {
        if (!row.is_object() || !row.contains(key) || !row[key].is_string()) return std::nullopt;
        return row[key].get<std::string>();
    };
    const auto cpu_text = text_of("cpu"), count_text = text_of("counter-value"),
               event = text_of("event");
    if (!cpu_text || !count_text || !event || event->empty())
        return bad_row(line_number, line,
                       R"(want an object with the texts "cpu", "counter-value" and "event")");
    const auto cpu = number<unsigned>(*cpu_text);
    if (!cpu || *cpu > kMaxCpu) return bad_row(line_number, line, "bad CPU number");
    if (count_text->starts_with("<"))
        return bad_row(line_number, line, "the event was not counted");
    const auto dot = count_text->find('.');
    const auto count = number<std::uint64_t>(std::string_view(*count_text).substr(0, dot));
    if (!count || (dot != std::string::npos &&
                   (dot + 1 == count_text->size() ||
                    count_text->find_first_not_of('0', dot + 1) != std::string::npos)))
        return bad_row(line_number, line, "bad count");
    return StatRow{*cpu, *count, *event};
}

} // namespace

Result<std::vector<StatRow>> parse_perf_stat(std::string_view text) {
    std::vector<StatRow> rows;
    std::optional<bool> json; // all rows have the format of the first
    for (unsigned line_number = 1; !text.empty(); ++line_number) {
        const auto line = next_line(text);
        if (stripped(line, kBlanks).empty() || line.front() == '#') continue;
        if (!json) json = line.front() == '{';
        RIG_TRY(row, *json ? json_row(line, line_number) : csv_row(line, line_number));
        rows.push_back(std::move(row));
        if (rows.size() > kMaxEvents) return bad_row(line_number, line, "too many rows");
    }
    if (rows.empty()) return fail(FaultDomain::Guest, "perf stat printed no counts");
    return rows;
}

Result<Trace> parse_perf_script(std::string_view text) {
    Trace trace;
    unsigned line_number = 1;
    while (!text.empty()) {
        if (auto frame = parse_frame(text.substr(0, text.find('\n')));
            frame && !trace.events.empty()) {
            auto& chain = trace.events.back().callchain;
            if (chain.size() < kMaxDepth) chain.push_back(std::move(*frame));
        } else if (const auto stamp = find_stamp(text)) {
            // The name may contain newlines.
            const auto name = text.substr(0, stamp->end);
            line_number += static_cast<unsigned>(std::count(name.begin(), name.end(), '\n'));
            text.remove_prefix(stamp->end);
            const auto rest = stripped(text.substr(0, text.find('\n')), kBlanks);
            if (rest.starts_with("PERF_RECORD_LOST"))
                trace.lost += lost_events(rest);
            else if (auto event = parse_event(*stamp, rest); !event)
                return not_understood(line_number, fmt::format("{}{}", name, rest));
            else if (trace.events.size() >= kMaxEvents)
                return fail(FaultDomain::Guest, "perf script output: too many events");
            else
                trace.events.push_back(std::move(*event));
        } else if (text.front() != '\n') {
            return not_understood(line_number, text.substr(0, text.find('\n')));
        }
        next_line(text);
        ++line_number;
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
