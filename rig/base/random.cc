// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/random.h"

namespace rig {

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014), the
// SplitMix64 finaliser.
std::uint64_t mix(std::uint64_t seed, std::uint64_t index) {
    std::uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return (z ^ (z >> 31)) >> 11;
}

} // namespace rig
