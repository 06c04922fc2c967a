// SPDX-License-Identifier: GPL-2.0-or-later
// Parsers for what perf prints in the guest. Pure; tested on captured output. A guest is untrusted:
// everything is bounded and a line that is not understood is an error naming it, never skipped.
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// `perf stat -a -A -x,` or `perf stat -a -A -j`, which the text itself tells: one row per event and
// CPU, in the order the events were given.
struct StatRow {
    unsigned cpu = 0;
    std::uint64_t count = 0;
    std::string event;
};
Result<std::vector<StatRow>> parse_perf_stat(std::string_view text);

// A frame of a callchain. `name` is perf's where it was asked for names (`sym`), "[unknown]" among
// them; else it is empty.
struct Frame {
    std::uint64_t address = 0;
    std::string name;
};

// `perf script -F comm,tid,cpu,time,event,ip,trace --ns`, with `sym` among the fields or without.
// Nothing is read of a process's name, which may hold anything.
struct TraceEvent {
    std::uint64_t time_ns = 0;
    unsigned cpu = 0;
    int tid = 0;
    std::string event;            // "csd:csd_queue_cpu"
    std::string trace;            // the event's own fields as printed, without the callchain
    std::vector<Frame> callchain; // innermost first; empty unless recorded with call-graph
};
struct Trace {
    std::vector<TraceEvent> events; // sorted by time
    std::uint64_t lost = 0;         // events the ring buffer lost
};
Result<Trace> parse_perf_script(std::string_view text);

// The value of "name=" in a trace text, up to the next blank; empty if there is none.
std::string_view trace_field(std::string_view trace, std::string_view name);

// What perf prints for a function (%ps) or a place in one (%pS) that it has no name for,
// "0xffffffff8116e9b2"; nothing for a name.
std::optional<std::uint64_t> unnamed_address(std::string_view field);

} // namespace rig
