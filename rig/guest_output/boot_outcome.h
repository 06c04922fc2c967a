// SPDX-License-Identifier: GPL-2.0-or-later
// Every way in which a boot can end, and whose fault each is. Pure; an ending is told as an error
// whose kind is the ending's name.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rig {

enum class BootOutcome {
    // The kernel's
    Panic,    // without an oops before
    Oops,     // BUG(), bad access, other exceptions: they panic (oops=panic)
    Splat,    // it complained, went on, and the boot did not come to its end
    RcuStall, // no end, and this detector spoke; likewise the next four
    SoftLockup,
    HardLockup,
    HungTask,
    WorkqueueLockup,
    Hang,       // no end, no detector spoke, and the kernel holds a task or a CPU
    DeadAtBoot, // no end, and the agent was never up
    EarlyEnd,   // it ended before the agent was up
    Reset,      // it ended without anybody in the guest having asked for it: a triple fault
    ConsoleFlood,
    // The guest's: nothing was tested
    AgentCrash,
    AgentFailure,  // the agent, perf or a workload's start said what was wrong
    WorkloadCrash, // killed by a signal
    WorkloadFailure,
    WorkloadHang,  // no end, and the kernel holds nothing: the workload sleeps or loops
    UndecidedHang, // no end, and nothing tells whether that is the kernel's doing
    BadEvidence,   // what perf and the agent sent does not add up
    Protocol,      // bytes that no agent sends, or too many of them
    EndedByGuest,  // something in the guest had it powered off or restarted
    SilencedConsole,
    MutedDetector,
    // The host's: made again, never a sample
    HypervisorStart,
    HypervisorExit,
    HypervisorSignal,
    HypervisorLost, // the daemon that ran the guest went away
    TaskLost,       // a cluster's task that was to make the boot ended, and left no result
    DiskFull,
    OutOfMemory,
    OutOfDescriptors,
    Starved, // no end, but the host ran something else half of the time or more
    Cancelled,
};

struct BootOutcomeInfo {
    BootOutcome ending;
    const char* name; // "rcu-stall": what fault-N.txt, run.json and --json say
    FaultDomain fault_domain;
    const char* words;
};
const std::vector<BootOutcomeInfo>& endings();
const BootOutcomeInfo& about(BootOutcome ending);

// The error of a boot that ended so; kind and blame are the ending's.
tl::unexpected<Error> ended(BootOutcome ending, std::string message,
                            std::filesystem::path log = {});

// Of a hypervisor that could not start the guest.
tl::unexpected<Error> did_not_start(const std::string& message, std::filesystem::path log);

// The hypervisor's own words, where they name what the host lacks; else `otherwise`.
BootOutcome of_hypervisor(const std::string& messages, BootOutcome otherwise);

// What went wrong after the kernel complained is the kernel's. With an error.complaint.
Error after_complaint(const Error& error);

} // namespace rig
