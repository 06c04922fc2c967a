// SPDX-License-Identifier: GPL-2.0-or-later
// What each boot of a run is given, composed from the run's experiment and kernels: the same on the
// host that packs and on the one that replays.
#pragma once

#include "rig/base/error.h"
#include "rig/boot/guest_boot.h"
#include "rig/kernel/kernel.h"
#include "rig/kernel/symbol_table.h"
#include "rig/pack/pack_manifest.h"
#include "rig/plan/guest_plan.h"
#include "rig/results/run_store.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rig {

struct PackedArm {
    Kernel kernel; // of the files only boot_image, pvh and system_map are used
    SymbolTable symbols;
};

// What the boots of a stored run were given, apart from paths.
struct RunSetup {
    Spec spec;       // stored_spec_of()
    Machine machine; // of the run; emulated, with the virtual clock
    std::map<std::string, PackedArm> arms;
    std::string emulator; // QEMU's program, without folder
    // The plugin that counts changed lines and instructions, without folder; empty: none does.
    std::string plugin;
    std::set<std::string> counted; // arms whose boots it counts in
};

// The system maps are read from `kernels`, by arm. FaultDomain::Spec if the run was not emulated
// under the virtual clock, or has samples of arms or kernels that there are not.
Result<RunSetup> setup_of_run(const LoadedRun& run, const std::map<std::string, Kernel>& kernels);

Result<GuestPlan> plan_of(const RunSetup& setup, const BootId& boot);

// In the order of the samples. Nothing is started: the hypervisor is a part of GuestSetup.
Result<std::vector<PackedBoot>>
packed_boots(const RunSetup& setup, const std::vector<Sample>& samples, Hypervisor& hypervisor);

// Why two of them differ, for people: the first word that is another; "" if they are equal.
std::string difference(const PackedBoot& composed, const PackedBoot& recorded);

} // namespace rig
