// SPDX-License-Identifier: GPL-2.0-or-later
// The declarations, each in the file with its name. Everybody else takes them from fault_point.h.
#pragma once

#include "rig/fault_points/fault_point.h"

namespace rig::fault_points {

const FaultPoint &fail_page_alloc(), &failslab(), &fail_usercopy(), &fail_futex(), &fail_function();

// Of points that fail allocations: those that may sleep never fail unless it is false.
FaultAttribute ignore_gfp_wait();
// FaultPoint::likely_why_none for that.
std::string only_atomic(const FaultPoint& point, const FaultValues& values, const std::string& key);

} // namespace rig::fault_points
