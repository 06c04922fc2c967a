// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/declarations.h"
#include "rig/workloads/page_tables.h"

namespace rig::workloads {
namespace {

// The workload only starts the command and waits for it.
TimedCall wait_for_command() {
    auto call = timed_system_call("wait4");
    call.name = "the command";
    return call;
}

// The work of such a command is not counted, so that hints based on it would be wrong.
std::string hint_for_command(HintFor what, const HintFacts& facts) {
    if (what == HintFor::Incomplete) return "";
    if (what != HintFor::NoInjection) return page_table_hint(what, facts);
    auto uncounted = facts;
    uncounted.work_done = facts.fault_interval;
    return page_table_hint(what, uncounted);
}

} // namespace

const Workload& command() {
    using enum WorkloadParameter::Type;
    static const std::string uncounted = "nobody counts the page tables of a command";
    static const Workload workload{
        .name = "command",
        .purpose = "runs a program of the guest, again and again, each time from fork to exit",
        .parameters =
            {{Command, "command",
              "1..64 words such as [\"/bin/sh\", \"-c\", \"...\"], the first a path in the guest",
              1, 64, std::vector<std::string>{}, true},
             {KernelFunction, "call",
              "kernel function whose calls by the command are timed; without it the whole run", 0,
              0, std::string{}, false}},
        .refused = {{"tables", uncounted}, {"pages_per_table", uncounted}},
        .iteration = wait_for_command(),
        .call_parameter = "call",
        .starts_processes = true,
        .plan_only = {{"tables", 4}, {"pages_per_table", 4}},
        .hint = hint_for_command,
        .hint_options = page_table_options(),
    };
    return workload;
}

} // namespace rig::workloads
