// What one call of a workload is, and which of perf's events stand at its two ends. Decided here from the workload's name,
// so that the guest's agent needs to know no kernel function. Pure.
#pragma once

#include "rig/spec/spec.h"

#include <cstdint>
#include <optional>
#include <string>

namespace rig {

struct MeasuredCall {
    std::string name;        // for people: "munmap", "exit_mmap"
    std::string enter, exit; // perf's names: "syscalls:sys_enter_munmap"
    std::string function;    // non-empty: enter and exit are probes on this kernel function, which the plan has to define
    bool of_children = false; // made by the processes the workload starts, not by itself
    bool own_clock = true;    // the workload's own clock stands around the same calls
};

// One iteration of the workload: as many are seen as were asked for, and they bound the window of ipis_by_function.
MeasuredCall iteration_of(const WorkloadSpec& workload);
// What the metric munmap_latency times: the iteration, but for workload "command" the function the experiment names.
MeasuredCall call_of(const WorkloadSpec& workload);
// Page tables the workload itself says it had freed (or, for the retained callers, replaced or unshared): in all its calls.
std::uint64_t expected_tables(const WorkloadSpec& workload);
// How often the kernel enters the function under test for one call, where the workload decides that: every table it has
// collapsed is flushed on its own, tables unshared by one call are flushed together. nullopt: the kernel's or the injection's to say.
std::optional<std::uint64_t> hits_per_call(const WorkloadSpec& workload);
// Workloads that start processes: the injection and the counting follow them.
bool has_children(const WorkloadSpec& workload);

} // namespace rig
