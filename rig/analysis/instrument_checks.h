// SPDX-License-Identifier: GPL-2.0-or-later
// The validity checks that the instruments saw everything and agree with each other, in both
// passes. Internal to prove(). Pure.
#pragma once

#include "rig/analysis/validity_check.h"

#include <vector>

namespace rig {

// How far the workload's clock and perf may differ on the median call of a boot without a warning
// in the report. The workload's figure includes the system call's entry and exit, two clock
// readings and both tracepoints: 5 to 15 us under emulation, where one instruction takes about a
// nanosecond. Hence 25 us for short calls and a tenth for long ones.
inline constexpr double clock_tolerance_ns = 25'000;
inline constexpr double clock_tolerance_share = 0.10;

// Appends to `checks` those of one arm with the boots `boots`.
void check_instruments(const ArmEvidence& evidence, const Boots& boots,
                       std::vector<ValidityCheck>& checks);

} // namespace rig
