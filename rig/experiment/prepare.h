// SPDX-License-Identifier: GPL-2.0-or-later
// Builds everything that an experiment boots, and chooses the machine and the host CPUs. Errors
// keep the fault domain of what failed (kernel_build.h).
#pragma once

#include "rig/base/error.h"
#include "rig/experiment/environment.h"
#include "rig/experiment/prepared.h"
#include "rig/spec/spec.h"

#include <stop_token>
#include <vector>

namespace rig {

Result<Prepared> prepare(const Spec& spec, const std::vector<Arm>& arms,
                         const Environment& environment);

// Clock and accelerator for spec.guest.clock. `auto` is the wall clock if KVM boots this kernel,
// else the virtual clock. If the guests run on another host, only the virtual clock is possible:
// FaultDomain::Spec for `wall`.
Result<ChosenMachine> choose_machine(const Spec& spec, const Prepared& prepared,
                                     const Environment& environment, std::stop_token stop);

// take_places() for the host on which the guests run.
Result<BootPlaces> place_boots(const BootNeed& need, unsigned parallel,
                               const Environment& environment, std::stop_token stop);

} // namespace rig
