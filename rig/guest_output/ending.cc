// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/ending.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace rig {

const std::vector<EndingInfo>& endings() {
    static const std::vector<EndingInfo> all = {
        {Ending::Panic, "panic", Blame::Kernel, "the kernel panicked"},
        {Ending::Oops, "oops", Blame::Kernel, "an oops or BUG, of which the kernel died"},
        {Ending::Splat, "splat", Blame::Kernel,
         "the kernel complained and went on, and the boot came to no good end"},
        {Ending::RcuStall, "rcu-stall", Blame::Kernel, "no end; the kernel reported an RCU stall"},
        {Ending::SoftLockup, "soft-lockup", Blame::Kernel,
         "no end; the kernel reported a soft lockup"},
        {Ending::HardLockup, "hard-lockup", Blame::Kernel,
         "no end; the kernel reported a hard lockup"},
        {Ending::HungTask, "hung-task", Blame::Kernel, "no end; the kernel reported a hung task"},
        {Ending::WorkqueueLockup, "workqueue-lockup", Blame::Kernel,
         "no end; the kernel reported a workqueue lockup"},
        {Ending::Hang, "hang", Blame::Kernel,
         "no end, no detector of the kernel's spoke, and a task or CPU is stuck in the kernel"},
        {Ending::DeadAtBoot, "dead-at-boot", Blame::Kernel, "no end, and the agent was never up"},
        {Ending::EarlyEnd, "early-end", Blame::Kernel, "it ended before the agent was up"},
        {Ending::Reset, "reset", Blame::Kernel, "a reset nobody asked for: a triple fault"},
        {Ending::ConsoleFlood, "console-flood", Blame::Kernel,
         "more on the console than any kernel has to say"},
        {Ending::AgentCrash, "agent-crash", Blame::Guest, "rig's agent died"},
        {Ending::AgentFailure, "agent-failure", Blame::Guest,
         "the agent, perf or the workload's start failed and said why"},
        {Ending::WorkloadCrash, "workload-crash", Blame::Guest,
         "the workload was killed by a signal"},
        {Ending::WorkloadFailure, "workload-failure", Blame::Guest, "the workload failed"},
        {Ending::WorkloadHang, "workload-hang", Blame::Guest,
         "no end: the workload sleeps or loops of its own will"},
        {Ending::UndecidedHang, "undecided-hang", Blame::Guest,
         "no end, and nothing tells whether the kernel or the workload is why"},
        {Ending::BadEvidence, "bad-evidence", Blame::Guest,
         "what perf and the agent sent does not add up"},
        {Ending::Protocol, "protocol", Blame::Guest,
         "bytes that no agent sends, or too many of them"},
        {Ending::EndedByGuest, "ended-by-guest", Blame::Guest,
         "powered off or restarted from within"},
        {Ending::SilencedConsole, "silenced-console", Blame::Guest,
         "warnings do not reach the console"},
        {Ending::MutedDetector, "muted-detector", Blame::Guest,
         "a detector of the kernel's was changed while it was to watch"},
        {Ending::HypervisorStart, "hypervisor-start", Blame::Host, "the hypervisor did not start"},
        {Ending::HypervisorExit, "hypervisor-exit", Blame::Host,
         "the hypervisor ended with an error"},
        {Ending::HypervisorSignal, "hypervisor-signal", Blame::Host, "the hypervisor was killed"},
        {Ending::HypervisorLost, "hypervisor-lost", Blame::Host,
         "the daemon that ran the guest went away"},
        {Ending::TaskLost, "task-lost", Blame::Host, "the cluster's task ended without a result"},
        {Ending::DiskFull, "disk-full", Blame::Host, "no room for console, channel or evidence"},
        {Ending::OutOfMemory, "out-of-memory", Blame::Host, "no memory for the guest"},
        {Ending::OutOfDescriptors, "out-of-descriptors", Blame::Host, "no file descriptor left"},
        {Ending::Starved, "starved", Blame::Host,
         "no end, but the host ran something else half of the time"},
        {Ending::Cancelled, "cancelled", Blame::Host,
         "stopped by the user or by another boot's end"},
    };
    return all;
}

const EndingInfo& about(Ending ending) {
    return *std::find_if(endings().begin(), endings().end(),
                         [&](const EndingInfo& info) { return info.ending == ending; });
}

tl::unexpected<Error> ended(Ending ending, std::string message, std::filesystem::path log) {
    const auto& info = about(ending);
    return tl::unexpected(Error{info.blame, std::move(message), std::move(log), info.name, {}});
}

tl::unexpected<Error> did_not_start(const std::string& message, std::filesystem::path log) {
    return ended(of_hypervisor(message, Ending::HypervisorStart), message, std::move(log));
}

Ending of_hypervisor(const std::string& messages, Ending otherwise) {
    const auto says = [&](std::string_view words) { return messages.find(words) != messages.npos; };
    if (says("Cannot allocate memory")) return Ending::OutOfMemory;
    if (says("Too many open files")) return Ending::OutOfDescriptors;
    if (says("No space left on device")) return Ending::DiskFull;
    return otherwise;
}

Error after_complaint(const Error& error) {
    const auto& info = about(Ending::Splat);
    return {info.blame, fmt::format("kernel splat: {}; then: {}", error.complaint, error.message),
            error.log, info.name, error.complaint};
}

} // namespace rig
