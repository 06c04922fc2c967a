// SPDX-License-Identifier: GPL-2.0-or-later
// What a guest sent (files and frames) -> one Sample. Pure: run again on the kept raw files it
// gives the same sample.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/sample.h"
#include "rig/plan/guest_plan.h"

#include <map>
#include <string>

namespace rig {

using Artifacts = std::map<std::string, std::string>; // name -> content, as the guest sent them

// FaultDomain::Guest when something is missing, malformed or out of bounds (naming the file), or
// the workload died or reported an error: such a boot is no sample. `id`, clock, accelerator and
// host figures are the caller's to fill in.
Result<Sample> collect(const Artifacts& artifacts, const GuestPlan& plan, const Spec& spec);

} // namespace rig
