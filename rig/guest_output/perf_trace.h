// SPDX-License-Identifier: GPL-2.0-or-later
// Evaluates a trace that perf recorded: which calls it contains and how long they took, which calls
// ran the target, and which functions its addresses belong to. Pure. Errors are FaultDomain::Guest:
// an inconsistent trace, or an address outside of all functions of its kernel. Times are
// nanoseconds.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/perf_output.h"
#include "rig/plan/guest_plan.h"
#include "rig/workloads/workload.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct Calls {
    std::vector<std::uint64_t> latency_ns;
    // The first entry and the last return.
    std::uint64_t first = 0, last = 0;
};

// The error of an inconsistent trace. If perf lost events, the message names that as the cause.
tl::unexpected<Error> torn(const Trace& trace, std::string what);

// Pairs entry and return events, which alternate per task. An unmatched event means that perf lost
// some, and is an error. The exception: after the last iteration the workload waits for the agent's
// order, in a read() of a pipe. If that is a call of the function, it has not returned when perf
// stops. So the entry of a task at `ended`, the end of the last iteration, or later may lack its
// return.
Result<Calls> pair_calls(const Trace& trace, const std::string& enter, const std::string& exit,
                         std::optional<std::uint64_t> ended = {});
Result<Calls> pair_calls(const Trace& trace, const TimedCall& call);

// Runs of the target that called the marker exactly once. Two equal totals would not show this,
// since the calls could come from elsewhere. Matches entry and return of the same task instead of
// callchains: after a tail call the target is not in the callchain. `ended` as for pair_calls().
Result<std::uint64_t> marked_hits(const Trace& trace, std::uint64_t ended);

// Calls during which the target was entered; hits that fall on a few calls do not exercise the
// others. If the call is a function's own, only entries by the same task count; the work of a
// system call may be done by another task. Requires entries and returns that pair up, see
// pair_calls().
std::uint64_t exposed_calls(const Trace& trace, const TimedCall& call);

// The function that an IPI calls: the field itself if it is a name. An address outside of all
// functions of System.map (a module's function, for example) is kept as it is.
std::string function_named(std::string_view field, const GuestPlan& plan);

// The call site of an IPI, in the format of perf's %pS ("smp_call_function+0x20").
Result<std::string> call_site_named(std::string_view field, const GuestPlan& plan);

// The innermost caller of a function: the first frame whose name contains none of `inner`, which
// are parts of the names of functions in between. "unknown" if there is none.
Result<std::string> call_site(const std::vector<Frame>& chain,
                              const std::vector<std::string>& inner, const GuestPlan& plan);

} // namespace rig
