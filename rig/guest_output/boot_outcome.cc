// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/boot_outcome.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace rig {

const std::vector<BootOutcomeInfo>& endings() {
    static const std::vector<BootOutcomeInfo> all = {
        {BootOutcome::Panic, "panic", FaultDomain::Kernel, "the kernel panicked"},
        {BootOutcome::Oops, "oops", FaultDomain::Kernel,
         "an oops or BUG, of which the kernel died"},
        {BootOutcome::Splat, "splat", FaultDomain::Kernel,
         "the kernel complained and went on, and the boot came to no good end"},
        {BootOutcome::RcuStall, "rcu-stall", FaultDomain::Kernel,
         "no end; the kernel reported an RCU stall"},
        {BootOutcome::SoftLockup, "soft-lockup", FaultDomain::Kernel,
         "no end; the kernel reported a soft lockup"},
        {BootOutcome::HardLockup, "hard-lockup", FaultDomain::Kernel,
         "no end; the kernel reported a hard lockup"},
        {BootOutcome::HungTask, "hung-task", FaultDomain::Kernel,
         "no end; the kernel reported a hung task"},
        {BootOutcome::WorkqueueLockup, "workqueue-lockup", FaultDomain::Kernel,
         "no end; the kernel reported a workqueue lockup"},
        {BootOutcome::Hang, "hang", FaultDomain::Kernel,
         "no end, no detector of the kernel's spoke, and a task or CPU is stuck in the kernel"},
        {BootOutcome::DeadAtBoot, "dead-at-boot", FaultDomain::Kernel,
         "no end, and the agent was never up"},
        {BootOutcome::EarlyEnd, "early-end", FaultDomain::Kernel,
         "it ended before the agent was up"},
        {BootOutcome::Reset, "reset", FaultDomain::Kernel,
         "a reset nobody asked for: a triple fault"},
        {BootOutcome::ConsoleFlood, "console-flood", FaultDomain::Kernel,
         "more on the console than any kernel has to say"},
        {BootOutcome::AgentCrash, "agent-crash", FaultDomain::Guest, "rig's agent died"},
        {BootOutcome::AgentFailure, "agent-failure", FaultDomain::Guest,
         "the agent, perf or the workload's start failed and said why"},
        {BootOutcome::WorkloadCrash, "workload-crash", FaultDomain::Guest,
         "the workload was killed by a signal"},
        {BootOutcome::WorkloadFailure, "workload-failure", FaultDomain::Guest,
         "the workload failed"},
        {BootOutcome::WorkloadHang, "workload-hang", FaultDomain::Guest,
         "no end: the workload sleeps or loops of its own will"},
        {BootOutcome::UndecidedHang, "undecided-hang", FaultDomain::Guest,
         "no end, and nothing tells whether the kernel or the workload is why"},
        {BootOutcome::BadEvidence, "bad-evidence", FaultDomain::Guest,
         "what perf and the agent sent does not add up"},
        {BootOutcome::Protocol, "protocol", FaultDomain::Guest,
         "bytes that no agent sends, or too many of them"},
        {BootOutcome::EndedByGuest, "ended-by-guest", FaultDomain::Guest,
         "powered off or restarted from within"},
        {BootOutcome::SilencedConsole, "silenced-console", FaultDomain::Guest,
         "warnings do not reach the console"},
        {BootOutcome::MutedDetector, "muted-detector", FaultDomain::Guest,
         "a detector of the kernel's was changed while it was to watch"},
        {BootOutcome::HypervisorStart, "hypervisor-start", FaultDomain::Host,
         "the hypervisor did not start"},
        {BootOutcome::HypervisorExit, "hypervisor-exit", FaultDomain::Host,
         "the hypervisor ended with an error"},
        {BootOutcome::HypervisorSignal, "hypervisor-signal", FaultDomain::Host,
         "the hypervisor was killed"},
        {BootOutcome::HypervisorLost, "hypervisor-lost", FaultDomain::Host,
         "the daemon that ran the guest went away"},
        {BootOutcome::TaskLost, "task-lost", FaultDomain::Host,
         "the cluster's task ended without a result"},
        {BootOutcome::DiskFull, "disk-full", FaultDomain::Host,
         "no room for console, channel or evidence"},
        {BootOutcome::OutOfMemory, "out-of-memory", FaultDomain::Host, "no memory for the guest"},
        {BootOutcome::OutOfDescriptors, "out-of-descriptors", FaultDomain::Host,
         "no file descriptor left"},
        {BootOutcome::Starved, "starved", FaultDomain::Host,
         "no end, but the host ran something else half of the time"},
        {BootOutcome::Cancelled, "cancelled", FaultDomain::Host,
         "stopped by the user or by another boot's end"},
    };
    return all;
}

const BootOutcomeInfo& about(BootOutcome ending) {
    return *std::find_if(endings().begin(), endings().end(),
                         [&](const BootOutcomeInfo& info) { return info.ending == ending; });
}

tl::unexpected<Error> ended(BootOutcome ending, std::string message, std::filesystem::path log) {
    const auto& info = about(ending);
    return tl::unexpected(
        Error{info.fault_domain, std::move(message), std::move(log), info.name, {}});
}

tl::unexpected<Error> did_not_start(const std::string& message, std::filesystem::path log) {
    return ended(of_hypervisor(message, BootOutcome::HypervisorStart), message, std::move(log));
}

BootOutcome of_hypervisor(const std::string& messages, BootOutcome otherwise) {
    const auto says = [&](std::string_view words) { return messages.find(words) != messages.npos; };
    if (says("Cannot allocate memory")) return BootOutcome::OutOfMemory;
    if (says("Too many open files")) return BootOutcome::OutOfDescriptors;
    if (says("No space left on device")) return BootOutcome::DiskFull;
    return otherwise;
}

Error after_complaint(const Error& error) {
    const auto& info = about(BootOutcome::Splat);
    return {info.fault_domain,
            fmt::format("kernel splat: {}; then: {}", error.complaint, error.message), error.log,
            info.name, error.complaint};
}

} // namespace rig
