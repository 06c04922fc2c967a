// SPDX-License-Identifier: GPL-2.0-or-later
// Pseudorandom numbers that are the same on every machine. The distributions of <random> do not
// promise that.
#pragma once

#include <cstdint>

namespace rig {

std::uint64_t mix(std::uint64_t seed,
                  std::uint64_t index); // SplitMix64; the result is below 2^53, so that a JSON
                                        // number holds it exactly

} // namespace rig
