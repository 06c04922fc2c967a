// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/derive/fault_points.h"

#include <algorithm>

namespace rig {

const FaultPoint* fault_point_of(std::string_view function) {
    for (const auto* point : all_fault_points())
        if (std::ranges::binary_search(point->functions, function)) return point;
    for (const auto& point : other_fault_points())
        if (std::ranges::binary_search(point.functions, function)) return &point;
    return nullptr;
}

bool leaves_the_caller(std::string_view function) {
    static const std::vector<std::string_view> names{
        "__schedule",    "__stack_chk_fail", "__warn",
        "__warn_printk", "add_taint",        "bad_page",
        "die",           "make_task_dead",   "oops_end",
        "panic",         "preempt_schedule", "preempt_schedule_thunk",
        "schedule",      "warn_slowpath_fmt"};
    return std::ranges::find(names, function) != names.end();
}

} // namespace rig
