// SPDX-License-Identifier: GPL-2.0-or-later
// Parsers for perf's output in the guest. Pure; tested on captured output. A guest is untrusted:
// everything is bounded, and a line that cannot be parsed is an error that names it; no line is
// skipped.
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Parses `perf stat -a -A -x,` or `perf stat -a -A -j`; the text itself shows which. One row per
// event and CPU, in the order in which the events were given to perf.
struct StatRow {
    unsigned cpu = 0;
    std::uint64_t count = 0;
    std::string event;
};
Result<std::vector<StatRow>> parse_perf_stat(std::string_view text);

// A frame of a callchain. `name` is what perf printed if the fields include `sym`, possibly
// "[unknown]"; else it is empty.
struct Frame {
    std::uint64_t address = 0;
    std::string name;
};

// An event of `perf script -F comm,tid,cpu,time,event,ip,trace --ns`, with or without `sym` among
// the fields. The process name is ignored, since it may hold any text.
struct TraceEvent {
    std::uint64_t time_ns = 0;
    unsigned cpu = 0;
    int tid = 0;
    std::string event;            // "csd:csd_queue_cpu"
    std::string trace;            // the event's own fields as printed, without the callchain
    std::vector<Frame> callchain; // innermost frame first; empty unless recorded with a call graph
};
struct Trace {
    std::vector<TraceEvent> events; // sorted by time
    std::uint64_t lost = 0;         // events that the ring buffer lost
};
Result<Trace> parse_perf_script(std::string_view text);

// The value of "name=" in a trace text, up to the next blank; empty if there is none.
std::string_view trace_field(std::string_view trace, std::string_view name);

// The address in "0xffffffff8116e9b2", which perf prints for a function (%ps) or a code address
// (%pS) whose name it does not know; nullopt if the field is a name.
std::optional<std::uint64_t> unnamed_address(std::string_view field);

} // namespace rig
