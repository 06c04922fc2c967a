// SPDX-License-Identifier: GPL-2.0-or-later
// Turns spec and seed into the interleaved list of boots. Pure: the same spec gives the same
// schedule on every machine.
//
// Arms alternate ABBA: index 0 runs the arms in order, index 1 in reverse, and so on, so that drift
// of the host affects all arms alike. Under the wall clock each such block begins with an order
// drawn from the seed, so that a periodic disturbance of the host does not always hit the same arm.
// Boots of one index share their perturbation seed: under the virtual clock they are paired across
// arms.
#pragma once

#include "rig/spec/spec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rig {

// What a perturbation seed varies: the phase of the first call relative to the timer tick, the
// allocator's state, and the address of the mapping. The seed is also QEMU's -seed, from which the
// guest's random numbers derive.
struct Perturbation {
    // 0..3999: one tick of a 250 Hz kernel. Also shifts the phase of RCU's grace periods.
    unsigned start_offset_us = 0;
    unsigned ballast_pages = 0; // 0..255 pages held during the run
    unsigned address_slot = 0;  // 0..15: the 1 GiB slot of the mapping
};
inline constexpr const char* kPerturbationText =
    "start offset 0-3999 us against the tick, 0-255 ballast pages, 1 GiB slot 0-15 of the mapping, "
    "QEMU -seed";

// The boot's place in the schedule. A retried boot keeps it.
struct BootId {
    std::string arm;
    unsigned index = 0;     // 0-based number of the boot within its arm; arms are paired by it
    std::uint64_t seed = 0; // perturbation seed of this index, the same in every arm
    unsigned order = 0;     // 0-based place in the interleaved schedule
};

struct PlannedBoot {
    BootId id;
    Perturbation perturbation;
    // Repeats an earlier boot, to check that it gives the same bytes; no sample.
    bool replay = false;
};

Perturbation perturbation_for(std::uint64_t seed);
// Boots per arm. Under the wall clock this includes the warm-up boots, which come first and have
// the lowest indices.
unsigned planned_boots(const Spec& spec, bool wall);
// Under the virtual clock boot 0 of every arm is repeated after all others, if an arm has at least
// this many boots. The same seed must give the same bytes: otherwise none of the results can be
// trusted.
inline constexpr unsigned kReplayedFrom = 4;
bool has_replays(const Spec& spec, bool wall);
std::vector<PlannedBoot> make_schedule(const Spec& spec, bool wall);

} // namespace rig
