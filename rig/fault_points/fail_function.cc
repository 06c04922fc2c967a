// SPDX-License-Identifier: GPL-2.0-or-later
// kernel/fail_function.c
#include "rig/fault_points/fault_points.h"

#include <fmt/format.h>

namespace rig::fault_points {
namespace {

// The function returns the value without running, so that its own return is the decision.
FaultProbe injected_function(const FaultValues& values) {
    return {text_of(fail_function(), values, "inject"), "s32",
            fmt::format("ret == {}", number_of(fail_function(), values, "retval"))};
}

// The kernel puts its own probe on the function. Of several probes the one that was registered last
// is run first, and one that overrides the function is the last to run: rig's must come after it.
std::vector<FaultWrite> inject_function(const FaultValues& values) {
    const auto function = text_of(fail_function(), values, "inject");
    // 64 bits, without a sign.
    const auto value = fmt::format(
        "{:x}", static_cast<std::uint64_t>(number_of(fail_function(), values, "retval")));
    // `inject` lists the function under the last of its names, the folder has the one written.
    return {{"inject", function, ""}, {function + "/retval", "0x" + value, value}};
}

std::vector<FaultWrite> nothing_else(const FaultValues&) {
    return {};
}

} // namespace

const FaultPoint& fail_function() {
    using enum FaultAttribute::Type;
    static const FaultPoint point{
        .name = "fail_function",
        .what = "calls of a function",
        .options = {"FAIL_FUNCTION"},
        // A probe that is a breakpoint runs like an NMI, in which the kernel takes no task for the
        // one that the filter is about.
        .task_filter_options = {"KPROBES_ON_FTRACE"},
        .without_task_filter =
            "the task filter never matches: set task-filter = false, and inject "
            "a function that no other task calls; or set FUNCTION_TRACER = \"y\"",
        .attributes = {{.type = Function,
                        .key = "inject",
                        .standard = std::string{},
                        .required = true,
                        .example = "inject = \"should_failslab\"",
                        .text = R"(
The function that returns `retval` without running: one that the kernel's source marks with
`ALLOW_ERROR_INJECTION`, which includes all system calls (`__x64_sys_getppid`). A guest lists
them in `/sys/kernel/debug/error_injection/list`. Required for `fail_function`.)"},
                       {.type = Number,
                        .key = "retval",
                        .low = -4095,
                        .high = 1,
                        .standard = std::int64_t{-12},
                        .example = "retval = -5",
                        .text = R"(
What it returns: -ENOMEM by default. The kernel refuses what the function cannot return.)"}},
        .decided_by = injected_function,
        .entry_event = "function",
        .failed_event = "function_failed",
        .count_key = "failed_functions",
        .first = inject_function,
        .writes = nothing_else};
    return point;
}

} // namespace rig::fault_points
