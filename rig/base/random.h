// SPDX-License-Identifier: GPL-2.0-or-later
// This function makes random numbers that are the same on every machine, which <random>'s
// distributions do not promise.
#pragma once

#include <cstdint>

namespace rig {

std::uint64_t mix(std::uint64_t seed,
                  std::uint64_t index); // splitmix64; result below 2^53 so that JSON keeps it

} // namespace rig
