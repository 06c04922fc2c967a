// SPDX-License-Identifier: GPL-2.0-or-later
// Which clock a guest runs by, and what executes its instructions.
#pragma once

namespace rig {

enum class GuestClock { Virtual, Wall };
enum class Accelerator { Tcg, Kvm };

constexpr const char* name(GuestClock clock) {
    return clock == GuestClock::Virtual ? "virtual" : "wall";
}
constexpr const char* name(Accelerator accelerator) {
    return accelerator == Accelerator::Kvm ? "kvm" : "tcg";
}

} // namespace rig
