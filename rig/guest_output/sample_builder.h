// SPDX-License-Identifier: GPL-2.0-or-later
// Builds one Sample from what a guest sent (files and frames). Pure: the same raw files give the
// same sample again.
#pragma once

#include "rig/base/error.h"
#include "rig/guest_output/sample.h"
#include "rig/plan/guest_plan.h"

#include <map>
#include <string>

namespace rig {

using Artifacts = std::map<std::string, std::string>; // name -> content, as the guest sent them

// FaultDomain::Guest if something is missing, malformed or out of bounds (the message names the
// file), or if the workload died or reported an error; such a boot is no sample. The caller fills
// in `id`, clock, accelerator and the measurements of the host.
//
// A workload.check that fails is a fault of the guest, too, where FailedCheck says so. Else the
// sample counts it (kFailedChecks).
enum class FailedCheck { IsFault, Counts };
Result<Sample> collect(const Artifacts& artifacts, const GuestPlan& plan, const Spec& spec,
                       FailedCheck failed_check = FailedCheck::Counts);

} // namespace rig
