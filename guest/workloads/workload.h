// SPDX-License-Identifier: GPL-2.0-or-later
// A workload is one small file: a function that runs in its own process, pinned to CPU 0, and
// reports through shared memory. To add one: write the file, list it in workload.cc, and name it in
// an experiment file.
#pragma once

#include "guest/protocol/workload_counters.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rig::guest {

struct WorkloadParams {
    unsigned iterations = 1;      // measured calls
    unsigned tables = 1;          // page tables per call: freed, or replaced, or no longer shared
    unsigned pages_per_table = 1; // pages touched under each (pmd_unshare: huge pages)
    unsigned pace_us = 0;         // calls start this far apart (absolute times); 0 = back to back
    unsigned start_offset_us = 0; // perturbation: delay before the first call
    unsigned ballast_pages =
        0; // perturbation: pages held while measuring, shifts the allocator's state
    unsigned address_slot = 0;             // perturbation: which 1 GiB slot the mapping lies in
    std::vector<std::string> command = {}; // workload "command": what is run
    std::string output = {}; // workload "command": file its stdout and stderr are appended to
};

constexpr unsigned kMaxIterations = 100000;

// Lives in memory shared between the workload and the agent.
struct WorkloadReport {
    std::uint32_t calls = 0; // completed
    std::uint64_t tables_freed =
        0;                // page tables the calls freed, replaced, or made one process's own
    char error[200] = {}; // empty: all went well
    std::uint64_t counters[kMaxCounters] =
        {}; // what this workload counts itself, in the order of workload_counters()
    std::uint64_t call_ns[kMaxIterations] = {}; // CLOCK_MONOTONIC around each call
};

using WorkloadRun = void (*)(const WorkloadParams& params, WorkloadReport& report);

// Preparation happens before the measured window opens, so that page faults of the report itself
// stay outside.
struct Workload {
    const char* name;
    WorkloadRun prepare;
    WorkloadRun run;
};

const Workload* find_workload(std::string_view name); // nullptr: unknown

bool complain(WorkloadReport& report,
              const char* what); // report.error = "what: errno's text"; false

std::uint64_t monotonic_ns();
void sleep_until_ns(std::uint64_t deadline);

// Calls `once(i)` for every iteration, until one returns false: the first after the seed's start
// offset, each at its absolute time, so that a call that lasts long does not move those after it.
template<class Once> void at_pace(const WorkloadParams& params, Once once) {
    const std::uint64_t start = monotonic_ns() + params.start_offset_us * 1000ull;
    sleep_until_ns(start);
    for (unsigned i = 0; i < params.iterations; ++i) {
        if (params.pace_us) sleep_until_ns(start + i * (params.pace_us * 1000ull));
        if (!once(i)) return;
    }
}

} // namespace rig::guest
