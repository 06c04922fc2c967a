// SPDX-License-Identifier: GPL-2.0-or-later
// Builds what an experiment boots, and chooses on which machine and on which CPUs. Errors keep the
// blame of what failed: kernel_build.h.
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

// Clock and accelerator as spec.guest.clock asks; `auto` = wall if KVM boots this very kernel, else
// virtual. On another host only virtual: FaultDomain::Spec for wall.
Result<ChosenMachine> choose_machine(const Spec& spec, const Prepared& prepared,
                                     const Environment& environment, std::stop_token stop);

// take_places() on the host where the guests run.
Result<BootPlaces> place_boots(const BootNeed& need, unsigned parallel,
                               const Environment& environment, std::stop_token stop);

} // namespace rig
