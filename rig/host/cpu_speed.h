// SPDX-License-Identifier: GPL-2.0-or-later
// How fast this host emulates, compared with the host on which rig's time limits were measured.
#pragma once

namespace rig {

// A factor of at least 1: a faster host needs no shorter limits. Takes some 0.1 s. Measures CPU
// time, not wall time, because a busy host is not a slow one; starved_seconds() shows how long a
// guest had to wait for other processes.
double host_slowdown_factor();

} // namespace rig
