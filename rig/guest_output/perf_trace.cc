// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/perf_trace.h"

#include "rig/base/text.h"
#include "rig/kernel/symbol_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <utility>

namespace rig {
namespace {

// The function that contains an address which perf printed. An address outside of all functions
// cannot come from this kernel, which makes the guest's other output doubtful too: an error.
Result<Place> place_in(const SymbolTable& symbols, std::uint64_t address, const char* what) {
    if (const auto place = symbols.place(address)) return *place;
    return guest_error(
        fmt::format("perf: {} {:#x} lies in no function of System.map", what, address));
}

} // namespace

tl::unexpected<Error> torn(const Trace& trace, std::string what) {
    if (trace.lost > 0)
        what += fmt::format("; perf lost {} events: raise guest.perf_pages", trace.lost);
    return guest_error(what);
}

Result<Calls> pair_calls(const Trace& trace, const std::string& enter, const std::string& exit,
                         std::optional<std::uint64_t> ended) {
    Calls calls;
    std::map<int, std::uint64_t> entered; // key: thread
    bool any = false;
    for (const auto& event : trace.events) {
        if (event.event == enter) {
            if (!entered.emplace(event.tid, event.time_ns).second)
                return torn(trace, fmt::format("perf: two {} without a {} between", enter, exit));
            if (!std::exchange(any, true)) calls.first = event.time_ns;
        } else if (event.event == exit) {
            const auto open = entered.find(event.tid);
            if (open == entered.end())
                return torn(trace, fmt::format("perf: {} without {}", exit, enter));
            calls.latency_ns.push_back(event.time_ns - open->second);
            calls.last = event.time_ns;
            entered.erase(open);
        }
    }
    for (const auto& [tid, time] : entered)
        if (!ended || time < *ended || trace.lost > 0)
            return torn(trace, fmt::format("perf: {} without {}", enter, exit));
    return calls;
}

Result<Calls> pair_calls(const Trace& trace, const TimedCall& call) {
    return pair_calls(trace, call.enter, call.exit);
}

Result<std::uint64_t> marked_hits(const Trace& trace, std::uint64_t ended) {
    RIG_CHECK(pair_calls(trace, "rig:target", "rig:target_return", ended));
    // Key: a thread in the target; value: its calls of the marker so far.
    std::map<int, unsigned> inside;
    std::uint64_t once = 0;
    for (const auto& event : trace.events) {
        if (event.event == "rig:target")
            inside.emplace(event.tid, 0);
        else if (event.event == "rig:target_return")
            once += inside.extract(event.tid).mapped() == 1;
        else if (event.event == "rig:witness" && inside.contains(event.tid))
            ++inside.at(event.tid);
    }
    return once;
}

std::uint64_t exposed_calls(const Trace& trace, const TimedCall& call) {
    // Key: thread; value: whether the target was entered during the call.
    std::map<int, bool> running;
    std::uint64_t exposed = 0;
    for (const auto& event : trace.events) {
        if (event.event == call.enter) running.emplace(event.tid, false);
        if (event.event == "rig:target")
            for (auto& [tid, hit] : running)
                hit = hit || call.function.empty() || tid == event.tid;
        if (event.event == call.exit) exposed += running.extract(event.tid).mapped();
    }
    return exposed;
}

std::string function_named(std::string_view field, const GuestPlan& plan) {
    const auto address = unnamed_address(field);
    const auto place = plan.symbols && address ? plan.symbols->place(*address) : std::nullopt;
    return place ? std::string(place->name) : printable_ascii(field);
}

Result<std::string> call_site_named(std::string_view field, const GuestPlan& plan) {
    const auto address = unnamed_address(field);
    if (!plan.symbols || !address) return printable_ascii(field);
    RIG_TRY(place, place_in(*plan.symbols, *address, "an IPI's call site"));
    return fmt::format("{}+{:#x}", place.name, place.offset);
}

Result<std::string> call_site(const std::vector<Frame>& chain,
                              const std::vector<std::string>& inner, const GuestPlan& plan) {
    const auto internal = [&](const std::string& name) {
        return std::any_of(inner.begin(), inner.end(),
                           [&](const std::string& part) { return name.find(part) != name.npos; });
    };
    for (const auto& frame : chain) {
        std::string name = frame.name;
        if (name.empty()) {
            // User space: no function of the kernel but the inner ones is on the stack.
            if (frame.address >> 63 == 0) break;
            if (!plan.symbols)
                return guest_error(fmt::format("perf: the frame {:#x} has no name", frame.address));
            RIG_TRY(place, place_in(*plan.symbols, frame.address, "the caller of a failed call,"));
            name = place.name;
        }
        if (!internal(name)) return printable_ascii(name);
    }
    return std::string("unknown");
}

} // namespace rig
