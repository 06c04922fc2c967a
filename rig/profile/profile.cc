// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/profile/profile.h"

#include "plugin/profile_file.h"
#include "rig/base/json_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>
#include <utility>

namespace rig {
namespace {

using nlohmann::json;

constexpr unsigned kFormat = 1;
constexpr std::size_t kMostRows = RIG_PROFILE_MAX_FUNCTIONS;
constexpr std::array kKinds = {std::pair{CodeKind::Function, "functions"},
                               std::pair{CodeKind::Program, "programs"},
                               std::pair{CodeKind::Other, "others"}};

bool any(const std::array<std::uint64_t, RIG_WINDOWS>& values) {
    return std::any_of(values.begin(), values.end(), [](std::uint64_t value) { return value > 0; });
}

using Rows = std::map<std::pair<CodeKind, std::string>, ProfileRow>;

void add(Rows& rows, CodeKind kind, const std::string& name, const ProfileCell& cell) {
    if (!any(cell.instructions)) return;
    auto& row = rows[{kind, name}];
    row.kind = kind;
    row.name = name;
    for (unsigned window = 0; window < RIG_WINDOWS; ++window) {
        row.instructions[window] += cell.instructions[window];
        row.calls[window] += cell.calls[window];
    }
}

// Stamp i and event i are the same event: both are in the order in which the one thread of the
// emulator executed them.
std::optional<ClockSpan> span_of(const RawProfile& raw, const std::vector<std::uint64_t>& event_ns,
                                 unsigned window) {
    const auto from = raw.began_at[window], to = raw.ended_at[window];
    const auto first = std::lower_bound(raw.stamps.begin(), raw.stamps.end(), from);
    const auto last = std::upper_bound(first, raw.stamps.end(), to);
    if (last - first < 2) return std::nullopt;
    const auto begin = static_cast<std::size_t>(first - raw.stamps.begin()),
               end = static_cast<std::size_t>(last - raw.stamps.begin()) - 1;
    if (event_ns[end] < event_ns[begin]) return std::nullopt;
    return ClockSpan{end - begin + 1, raw.stamps[end] - raw.stamps[begin],
                     event_ns[end] - event_ns[begin]};
}

} // namespace

std::uint64_t Profile::total(unsigned window) const {
    std::uint64_t sum = 0;
    for (const auto& row : rows)
        sum += row.instructions[window];
    return sum;
}

Profile make_profile(const RawProfile& raw, const ProfileLayout& layout,
                     const std::vector<std::uint64_t>& event_ns) {
    Profile profile;
    profile.exact = raw.plugin_api != 0 && raw.threads == 1;
    const auto latency = raw.marks[RIG_WINDOW_LATENCY_PASS];
    profile.windows_complete = raw.marks[RIG_WINDOW_COUNT_PASS] == 1 && latency <= 1 &&
                               raw.marks[RIG_WINDOW_REST] == 1 + latency &&
                               raw.window == RIG_WINDOW_REST;
    Rows rows;
    for (std::size_t i = 0; i < raw.functions.size(); ++i) {
        const auto& cell = raw.functions[i];
        profile.functions_ran += any(cell.instructions);
        profile.functions_entered += any(cell.calls);
        add(rows, CodeKind::Function, layout.functions[i].name, cell);
    }
    for (std::size_t i = 0; i < raw.programs.size(); ++i)
        add(rows, CodeKind::Program, layout.programs.names[i], raw.programs[i]);
    for (const auto& [other, name] : {std::pair{RIG_PROFILE_OTHER_KERNEL, kOtherKernel},
                                      {RIG_PROFILE_OTHER_USER, kOtherUser},
                                      {RIG_PROFILE_BEFORE, kBeforeKernel}})
        add(rows, CodeKind::Other, name, raw.others[static_cast<std::size_t>(other)]);
    for (auto& [key, row] : rows)
        profile.rows.push_back(std::move(row));
    const bool same_events = raw.stamped == event_ns.size() && raw.stamps.size() == raw.stamped &&
                             std::is_sorted(raw.stamps.begin(), raw.stamps.end());
    if (same_events && profile.exact && profile.windows_complete)
        for (const unsigned window : {RIG_WINDOW_COUNT_PASS, RIG_WINDOW_LATENCY_PASS})
            profile.clock[window] = span_of(raw, event_ns, window);
    return profile;
}

std::string unusable(const Profile& profile) {
    if (!profile.exact) return "several threads of the emulator executed the guest, or none did";
    if (!profile.windows_complete)
        return "a pass did not begin or did not end: its instructions are not told apart";
    // With the table of this kernel 99.9 % are entered there, with that of the other arm, which is
    // the same up to the first changed function, 62 % (docs/evaluation/counted-lines.md).
    if (profile.functions_entered * 20 < profile.functions_ran * 19)
        return fmt::format(
            "the System.map is not that of the kernel that ran: of {} functions that "
            "executed instructions only {} were entered at their first one",
            profile.functions_ran, profile.functions_entered);
    return {};
}

std::string_view window_key(unsigned window) {
    return window == RIG_WINDOW_COUNT_PASS     ? "count_pass"
           : window == RIG_WINDOW_LATENCY_PASS ? "latency_pass"
                                               : "rest";
}

std::string_view window_words(unsigned window) {
    return window == RIG_WINDOW_COUNT_PASS     ? "count pass"
           : window == RIG_WINDOW_LATENCY_PASS ? "latency pass"
                                               : "rest";
}

json to_json(const Profile& profile) {
    json out = {{"format", kFormat},
                {"exact", profile.exact},
                {"windows_complete", profile.windows_complete},
                {"functions_ran", profile.functions_ran},
                {"functions_entered", profile.functions_entered},
                {"clock", json::object()}};
    for (const auto& [kind, key] : kKinds)
        out[key] = json::object();
    for (const auto& row : profile.rows)
        for (const auto& [kind, key] : kKinds)
            if (row.kind == kind) {
                auto& values = out[key][row.name] = json::array();
                for (const auto* some : {&row.instructions, &row.calls})
                    for (const auto value : *some)
                        values.push_back(value);
            }
    for (unsigned window = 0; window < RIG_WINDOWS; ++window)
        if (const auto& span = profile.clock[window])
            out["clock"][std::string(window_key(window))] = {
                {"events", span->events}, {"instructions", span->instructions}, {"ns", span->ns}};
    return out;
}

Result<Profile> profile_from_json(const json& data) {
    RIG_TRY(reader, JsonReader::open(data, "profile"));
    Profile profile;
    std::uint64_t format = 0;
    RIG_CHECK(reader.whole("format", format));
    if (format != kFormat)
        return fail(FaultDomain::Host,
                    fmt::format("profile.format: found {}, want {}", format, kFormat));
    RIG_CHECK(reader.boolean("exact", profile.exact));
    RIG_CHECK(reader.boolean("windows_complete", profile.windows_complete));
    RIG_CHECK(reader.whole("functions_ran", profile.functions_ran, kMostRows));
    RIG_CHECK(reader.whole("functions_entered", profile.functions_entered, kMostRows));
    for (const auto& [kind, key] : kKinds) {
        std::map<std::string, std::vector<std::uint64_t>> rows;
        RIG_CHECK(reader.map(key, rows, kMostRows, std::size_t{2} * RIG_WINDOWS));
        for (const auto& [name, values] : rows) {
            if (values.size() != std::size_t{2} * RIG_WINDOWS)
                return fail(FaultDomain::Host,
                            fmt::format("profile.{}.{}: {} numbers, want {}", key, name,
                                        values.size(), 2 * RIG_WINDOWS));
            ProfileRow row{kind, name};
            std::copy_n(values.begin(), std::size_t{RIG_WINDOWS}, row.instructions.begin());
            std::copy_n(values.begin() + RIG_WINDOWS, std::size_t{RIG_WINDOWS}, row.calls.begin());
            profile.rows.push_back(std::move(row));
        }
    }
    RIG_TRY(clock, reader.object("clock"));
    for (unsigned window = 0; window < RIG_WINDOWS; ++window) {
        const auto key = window_key(window);
        if (!clock.has(key)) continue;
        RIG_TRY(span, clock.object(key));
        auto& out = profile.clock[window].emplace();
        RIG_CHECK(span.whole("events", out.events));
        RIG_CHECK(span.whole("instructions", out.instructions));
        RIG_CHECK(span.whole("ns", out.ns));
        RIG_CHECK(span.finish());
    }
    RIG_CHECK(clock.finish());
    RIG_CHECK(reader.finish());
    return profile;
}

} // namespace rig
