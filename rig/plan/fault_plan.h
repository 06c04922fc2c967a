// SPDX-License-Identifier: GPL-2.0-or-later
// What the plan says of fault injection: the files that the agent writes, and the probes that count
// what fails. Pure.
#pragma once

#include "rig/base/error.h"
#include "rig/kernel/symbol_table.h"
#include "rig/spec/spec.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// One enabled fault.
struct PlannedFault {
    const FaultPoint* point = nullptr;
    FaultProbe probe;
    // Where the functions are below which calls fail; nullopt: calls at any site fail.
    std::optional<Bounds> below;
    std::vector<FaultWrite> first;  // written before any probe is defined
    std::vector<FaultWrite> writes; // before each pass, in this order

    // perf's names of the events at the entry of the deciding function and at its failing return.
    std::string entry_event() const { return "rig:" + point->entry_event; }
    std::string failed_event() const { return "rig:" + point->failed_event; }
    // The lines of kprobe_events. Without stacks at a function's return, a second probe is at its
    // entry.
    std::vector<std::string> probes(bool return_stacks) const;
    bool is_below(std::uint64_t address) const {
        return !below || (below->start <= address && address < below->end);
    }
};

// The enabled faults, in the order of the file. FaultDomain::Spec, naming the functions, if the
// first of a range is not before its last. Every function that a fault names must be a symbol.
Result<std::vector<PlannedFault>> plan_faults(const Spec& spec, const SymbolTable& symbols);

// Adds the agent's part. With Spec::failures_hit_target() it is what agents of all versions of rig
// understand, so that the files of a pack are the same bytes again.
void add_faults(const Spec& spec, const std::vector<PlannedFault>& faults, nlohmann::json& plan);

} // namespace rig
