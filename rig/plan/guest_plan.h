// SPDX-License-Identifier: GPL-2.0-or-later
// Spec + arm + symbols -> the plan the guest agent carries out (JSON), and the names under which
// perf's answers come back. Pure. Everything the experiment file says about probes, filters and
// injection ends up here; the agent knows no kernel function.
#pragma once

#include "rig/base/error.h"
#include "rig/kernel/symbol_table.h"
#include "rig/plan/schedule.h"
#include "rig/spec/spec.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// One event of perf stat, in the order perf prints them; `key` is its name in Sample::counts.
struct StatEvent {
    std::string key, event, filter;
};

struct GuestPlan {
    nlohmann::json json;
    std::vector<StatEvent> stat; // of the counted pass
    std::uint64_t target_address = 0;
    std::optional<SymbolTable> symbols; // name the addresses that perf prints; nothing where the
                                        // guest's perf names them itself
};

// FaultDomain::Spec if a function the experiment names is not in the image (saying which), since
// then nothing can be armed.
Result<GuestPlan> make_plan(const Spec& spec, const Arm& arm, const SymbolTable& symbols,
                            const Perturbation& perturbation);

// The most a boot may take by its own clock: both passes' pace, and an hour, in which a guest under
// emulation executes some 10^12 instructions and one that idles spends seconds of the host's time.
inline constexpr unsigned kGuestPatience = 3600;
unsigned guest_deadline_s(const WorkloadSpec& workload);

// {"mode": "shell"} or {"mode": "idle"}.
nlohmann::json simple_plan(const std::string& mode);

} // namespace rig
