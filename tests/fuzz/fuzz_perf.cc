// SPDX-License-Identifier: GPL-2.0-or-later
// perf's output from a hostile guest: rows and events, or an error that blames the guest.
#include "rig/guest_output/perf_output.h"
#include "tests/fuzz/fuzz.h"

using namespace rig;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::view(data, size);
    if (const auto rows = parse_perf_stat(text); !rows)
        fuzz::promise(rows.error().fault_domain == FaultDomain::Guest, "an error of another blame");
    else
        fuzz::promise(rows->size() <= size, "more rows than bytes");
    if (const auto trace = parse_perf_script(text)) {
        fuzz::promise(trace->events.size() <= size, "more events than bytes");
        for (std::size_t i = 1; i < trace->events.size(); ++i)
            fuzz::promise(trace->events[i - 1].time_ns <= trace->events[i].time_ns,
                          "events out of order");
    } else {
        fuzz::promise(trace.error().fault_domain == FaultDomain::Guest,
                      "an error of another blame");
    }
    return 0;
}
