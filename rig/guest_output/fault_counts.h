// SPDX-License-Identifier: GPL-2.0-or-later
// Counts what was made to fail, as the agent and perf report it. Pure. Errors are
// FaultDomain::Guest.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/perf_output.h"
#include "rig/guest_output/sample.h"
#include "rig/plan/guest_plan.h"

#include <cstdint>
#include <nlohmann/json.hpp>

namespace rig {

// The injections of a pass: the sum over all fault points. If the faults are counted apart, those
// of each point are in the member of its counts. Throws nlohmann::json::exception if the agent's
// result of the pass lacks them.
Result<std::uint64_t> fill_injections(Sample& sample, const nlohmann::json& pass,
                                      const GuestPlan& plan, const Spec& spec,
                                      std::uint64_t FaultCounts::*member);

// The failed calls that perf recorded, by site.
Status fill_failures(Sample& sample, const Trace& trace, const GuestPlan& plan, const Spec& spec);

} // namespace rig
