// SPDX-License-Identifier: GPL-2.0-or-later
// How fast a CPU of this host is at what an emulator spends its time on, against the one on which
// rig's time limits were measured.
#pragma once

namespace rig {

// At least 1: a faster host needs no shorter limits. Takes some 0.1 s, of the CPU's time, not the
// wall's: a host that is busy is not slow, and a guest that was kept waiting by others is told by
// starved_seconds().
double host_slowdown_factor();

} // namespace rig
