// SPDX-License-Identifier: GPL-2.0-or-later
// Turns spec, arm and symbols into the plan that the guest agent carries out (JSON), and into the
// names under which perf's results come back. Pure. Everything that an experiment file defines
// about probes, filters and injection is in the plan; the agent knows no kernel function.
#pragma once

#include "rig/base/error.h"
#include "rig/kernel/symbol_table.h"
#include "rig/plan/fault_plan.h"
#include "rig/plan/schedule.h"
#include "rig/spec/spec.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// One event of perf stat, in the order in which perf prints them. `key` is its name in
// Sample::counts.
struct StatEvent {
    std::string key, event, filter;
};

struct GuestPlan {
    nlohmann::json json;
    std::vector<StatEvent> stat; // events of the count pass
    std::vector<PlannedFault> faults;
    std::uint64_t target_address = 0;
    // Resolves the addresses in perf's output; nullopt if perf in the guest resolves them itself.
    std::optional<SymbolTable> symbols;
};

// FaultDomain::Spec, naming the function, if the experiment uses a function that the image does not
// have.
Result<GuestPlan> make_plan(const Spec& spec, const Arm& arm, const SymbolTable& symbols,
                            const Perturbation& perturbation);

// The longest that a boot may take by the guest's clock: the pace of both passes plus one hour. In
// an hour an emulated guest executes some 10^12 instructions; an idle guest spends only seconds of
// host time.
inline constexpr unsigned kGuestPatience = 3600;
unsigned guest_deadline_s(const WorkloadSpec& workload);

// The paths whose presence in the guest shows the required files and tracepoints, in the order of
// Requirements::of_guest() without the CPU flags.
std::vector<std::string> required_paths(const Requirements& required);

// {"mode": "shell"} or {"mode": "idle"}.
nlohmann::json simple_plan(const std::string& mode);

} // namespace rig
