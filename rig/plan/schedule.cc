// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/plan/schedule.h"

#include "rig/base/random.h"

#include <numeric>
#include <utility>

namespace rig {
namespace {

// Fisher-Yates shuffle, written out because std::shuffle may give another order on another machine.
void shuffle(std::vector<std::size_t>& items, std::uint64_t seed) {
    for (std::size_t i = items.size(); i > 1; --i)
        std::swap(items[i - 1], items[mix(seed, 100 + i) % i]);
}

} // namespace

Perturbation perturbation_for(std::uint64_t seed) {
    return {.start_offset_us = static_cast<unsigned>(mix(seed, 0) % 4000),
            .ballast_pages = static_cast<unsigned>(mix(seed, 1) % 256),
            .address_slot = static_cast<unsigned>(mix(seed, 2) % 16)};
}

unsigned planned_boots(const Spec& spec, bool wall) {
    return spec.guest.boots + (wall ? spec.guest.warmup_boots : 0);
}

bool has_replays(const Spec& spec, bool wall) {
    return !wall && spec.guest.boots >= kReplayedFrom;
}

std::vector<PlannedBoot> make_schedule(const Spec& spec, bool wall) {
    std::vector<PlannedBoot> boots;
    const std::size_t arms = spec.arms.size();
    std::vector<std::size_t> order_of_arms(arms);
    std::iota(order_of_arms.begin(), order_of_arms.end(), std::size_t{0});
    for (unsigned index = 0; index < planned_boots(spec, wall); ++index) {
        const std::uint64_t seed = mix(spec.guest.seed, index);
        if (wall && index % 2 == 0) shuffle(order_of_arms, seed);
        for (std::size_t i = 0; i < arms; ++i) {
            const std::size_t arm = order_of_arms[index % 2 == 0 ? i : arms - 1 - i];
            const auto order = static_cast<unsigned>(boots.size());
            boots.push_back(
                {{spec.arms[arm].name, index, seed, order}, perturbation_for(seed), false});
        }
    }
    if (has_replays(spec, wall))
        for (const auto& arm : spec.arms) {
            const std::uint64_t seed = mix(spec.guest.seed, 0);
            boots.push_back({{arm.name, 0, seed, static_cast<unsigned>(boots.size())},
                             perturbation_for(seed),
                             true});
        }
    return boots;
}

} // namespace rig
