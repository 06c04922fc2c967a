// SPDX-License-Identifier: GPL-2.0-or-later
// lib/fault-inject-usercopy.c
#include "rig/fault_points/fault_points.h"

namespace rig::fault_points {

const FaultPoint& fail_usercopy() {
    static const FaultPoint point{
        .name = "fail_usercopy",
        .what = "copies from and to user space",
        .options = {"FAULT_INJECTION_USERCOPY"},
        .decides = {"should_fail_usercopy", "u8", "ret == 1"},
        .entry_event = "usercopy",
        .failed_event = "usercopy_failed",
        .count_key = "failed_usercopies",
        .inner = {"should_fail_usercopy", "copy_from_user", "copy_to_user", "copy_from_iter",
                  "copy_to_iter", "strncpy_from_user"},
        .functions = {"_copy_from_iter", "_copy_from_user", "_copy_to_iter", "_copy_to_user",
                      "should_fail_usercopy", "strncpy_from_user"}};
    return point;
}

} // namespace rig::fault_points
