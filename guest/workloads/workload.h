// SPDX-License-Identifier: GPL-2.0-or-later
// A workload is one small file with a function that runs in its own process, pinned to CPU 0, and
// reports through shared memory. To add a workload: write the file, list it in workload.cc, and
// name it in an experiment file.
#pragma once

#include "guest/protocol/thread_groups.h"
#include "guest/protocol/workload_counters.h"
#include "guest/workloads/thread_group.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rig::guest {

struct WorkloadParams {
    unsigned iterations = 1;      // measured calls
    unsigned tables = 1;          // page tables per call: freed, replaced, or unshared
    unsigned pages_per_table = 1; // pages touched under each (pmd_unshare: huge pages)
    unsigned pace_us = 0; // time between the starts of calls (absolute times); 0 = back to back
    unsigned start_offset_us = 0; // perturbation: delay before the first call
    // Perturbation: pages held while measuring, which changes the allocator's state.
    unsigned ballast_pages = 0;
    unsigned address_slot = 0;             // perturbation: which 1 GiB slot the mapping lies in
    std::vector<std::string> command = {}; // workload "command": the command and its arguments
    std::vector<ThreadGroup> groups = {};  // workload "threads"
    std::string output = {}; // the stdout and stderr of commands are appended to this file
};

constexpr unsigned kMaxIterations = 100000;

// In memory that the workload and the agent share.
struct WorkloadReport {
    std::uint32_t calls = 0; // number of completed calls
    // Page tables that the calls freed, replaced or unshared.
    std::uint64_t tables_freed = 0;
    char error[200] = {}; // empty: no error
    // The workload's own counters, in the order of workload_counters().
    std::uint64_t counters[kMaxCounters] = {};
    // Threads that make the workload's calls, by their ids. They must exist when it is ready.
    std::uint32_t threads = 0;
    std::int32_t thread_ids[kMaxThreads] = {};
    std::uint64_t call_ns[kMaxIterations] = {}; // CLOCK_MONOTONIC around each call
};

using WorkloadRun = void (*)(const WorkloadParams& params, WorkloadReport& report);

// prepare() runs before the measured window opens, so that page faults in the report are not
// measured.
struct Workload {
    const char* name;
    WorkloadRun prepare;
    WorkloadRun run;
    // For a workload whose results do not fit into the report. share() maps memory that the agent
    // and the workload share, in the agent, before the workload's process exists. results() adds
    // what is in it to the workload's results, in the agent: an object with "counters" and, if the
    // workload times something itself, "timings" (name -> nanoseconds).
    bool (*share)(const WorkloadParams& params, std::string& error) = nullptr;
    void (*results)(const WorkloadParams& params, nlohmann::json& workload) = nullptr;
};

const Workload* find_workload(std::string_view name); // nullptr if there is none

// Sets report.error to "what: errno's text"; returns false.
bool complain(WorkloadReport& report, const char* what);

std::uint64_t monotonic_ns();
void sleep_until_ns(std::uint64_t deadline);

// Calls `once(i)` for every iteration until one returns false. The first call is at the seed's
// start offset. Each call has an absolute start time, so that a long call does not delay the later
// ones.
template<class Once> void at_pace(const WorkloadParams& params, Once once) {
    const std::uint64_t start = monotonic_ns() + params.start_offset_us * 1000ull;
    sleep_until_ns(start);
    for (unsigned i = 0; i < params.iterations; ++i) {
        if (params.pace_us) sleep_until_ns(start + i * (params.pace_us * 1000ull));
        if (!once(i)) return;
    }
}

} // namespace rig::guest
