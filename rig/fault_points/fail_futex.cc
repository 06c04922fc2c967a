// SPDX-License-Identifier: GPL-2.0-or-later
// kernel/futex/core.c
#include "rig/fault_points/fault_points.h"

namespace rig::fault_points {
namespace {

std::string only_shared_futexes(const FaultValues& values, const std::string& key) {
    return flag_of(fail_futex(), values, "ignore-private")
               ? key + "ignore-private = true lets private futexes pass"
               : "";
}

} // namespace

const FaultPoint& fail_futex() {
    static const FaultPoint point{
        .name = "fail_futex",
        .what = "futex operations",
        .options = {"FAIL_FUTEX"},
        .attributes = {{.type = FaultAttribute::Type::Flag,
                        .key = "ignore-private",
                        .standard = false,
                        .example = "ignore-private = true",
                        .text = R"(Operations on private futexes never fail.)"}},
        .decides = {"should_fail_futex", "u8", "ret == 1"},
        .entry_event = "futex",
        .failed_event = "futex_failed",
        .count_key = "failed_futexes",
        .inner = {"should_fail_futex"},
        .likely_why_none = only_shared_futexes,
        .functions = {"should_fail_futex"}};
    return point;
}

} // namespace rig::fault_points
