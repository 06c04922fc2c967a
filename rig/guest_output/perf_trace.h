// SPDX-License-Identifier: GPL-2.0-or-later
// What a trace of perf's says: which calls it saw and how long they took, which of them ran the
// target, and what its addresses are. Pure. An error is the guest's: a trace that does not add up,
// or an address of no function of its kernel. Times are nanoseconds.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/perf_output.h"
#include "rig/plan/guest_plan.h"
#include "rig/workloads/workload.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct Calls {
    std::vector<std::uint64_t> latency_ns;
    std::uint64_t first = 0, last = 0; // window
};

// A trace that does not add up: perf's losses, where there are any, are the cause to name.
tl::unexpected<Error> torn(const Trace& trace, std::string what);

// Pairs entry and exit events, which alternate within a task; a widow on either side means that
// events were lost.
Result<Calls> pair_calls(const Trace& trace, const std::string& enter, const std::string& exit);
Result<Calls> pair_calls(const Trace& trace, const TimedCall& call);

// Runs of the target that called the witness once: two equal counts could come from two places. By
// entry and return of the same task and not by call chain, from which the compiler's tail calls
// take the target out.
Result<std::uint64_t> marked_hits(const Trace& trace);

// Calls during which the target was entered: hits that fall on a few calls are no exposure of the
// others. Their entries and exits pair up, see pair_calls(). By the same task where the call is a
// function's own; a system call's work may be another task's.
std::uint64_t exposed_calls(const Trace& trace, const TimedCall& call);

// The function of an IPI: as it is where the guest named it. One of no function of System.map, such
// as a module's, is somebody's all the same: it is counted under its address.
std::string function_named(std::string_view field, const GuestPlan& plan);

// Where a function of the kernel was called, as perf prints it by %pS ("smp_call_function+0x20").
Result<std::string> call_site_named(std::string_view field, const GuestPlan& plan);

// Innermost caller of the page allocator: the first frame that is not the allocator's own.
Result<std::string> allocation_site(const std::vector<Frame>& chain, const GuestPlan& plan);

} // namespace rig
