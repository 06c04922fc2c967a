// SPDX-License-Identifier: GPL-2.0-or-later
// How a program reaches functions of a kernel, and which allocations these make: what a user needs
// who finds that a changed function did not run. Pure.
#pragma once

#include "rig/derive/call_graph.h"

#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct WantedFunction {
    std::string name; // of the source
    std::string file; // relative to the tree; empty: any
};

// Names of symbols. Each calls the next.
using CallPath = std::vector<std::string>;

struct SystemCallWay {
    std::string system_call; // "munmap"
    CallPath path;           // from the system call's function to a wanted one
};

// Its address is taken: it is called through a pointer, and this does not know where.
struct IndirectWay {
    std::string function;
    bool at_boot = false; // it is an initcall, or freed after boot
    CallPath path;        // from it to a wanted one
};

struct WorkloadWay {
    std::string workload;
    std::string by; // the system call, or the function that each iteration runs
};

struct AllocationBelow {
    std::string fault_point; // "failslab"
    std::string function;    // that allocates: "kmem_cache_alloc_noprof"
    CallPath path;           // from a wanted function to it; its length less one is the depth
};

struct WaysToFunctions {
    std::vector<std::string> missing; // wanted functions that the image has no code of
    // Of each list the shortest path for each first name, the shortest first, then by name.
    std::vector<SystemCallWay> system_calls;
    std::vector<IndirectWay> indirect;
    std::vector<WorkloadWay> workloads; // the shipped ones whose iterations lead there
    // One for each last caller and allocating function: where an allocation can be made to fail.
    // What allocators themselves allocate is left out.
    std::vector<AllocationBelow> allocations;
};

WaysToFunctions ways_to(const CallGraph& graph, const std::vector<WantedFunction>& wanted);

// "munmap" of __x64_sys_munmap; empty if the symbol is no system call's function.
std::string_view system_call_of(std::string_view symbol);

} // namespace rig
