// SPDX-License-Identifier: GPL-2.0-or-later
// Every way in which a boot can end, and the fault domain of each. Pure. A boot that failed is
// reported as an Error whose `kind` is the name of the outcome.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rig {

enum class BootOutcome {
    // Faults of the kernel
    Panic,    // no preceding oops
    Oops,     // BUG(), bad access and other exceptions; they panic because of oops=panic
    Splat,    // the kernel splatted and went on, but the boot did not complete
    RcuStall, // no completion, and this detector fired; the same holds for the next four
    SoftLockup,
    HardLockup,
    HungTask,
    WorkqueueLockup,
    Hang,       // no completion, no detector fired, and a task or a CPU is stuck in the kernel
    DeadAtBoot, // no completion, and the agent never came up
    EarlyEnd,   // the guest ended before the agent came up
    Reset,      // the guest was reset although nothing in it requested that: a triple fault
    ConsoleFlood,
    // Faults of the guest: nothing was tested
    AgentCrash,
    AgentFailure,  // the agent, perf or the start of a workload reported an error
    WorkloadCrash, // the workload was killed by a signal
    WorkloadFailure,
    WorkloadHang, // no completion, and nothing is stuck in the kernel: the workload sleeps or loops
    UndecidedHang, // no completion, and it is unknown whether the kernel is the cause
    BadEvidence,   // inconsistent data from perf or the agent
    Protocol,      // bytes that no agent sends, or too many of them
    EndedByGuest,  // something in the guest powered it off or restarted it
    SilencedConsole,
    MutedDetector,
    // Faults of the host: the boot is retried and never becomes a sample
    HypervisorStart,
    HypervisorExit,
    HypervisorSignal,
    HypervisorLost, // the daemon that ran the guest is gone
    TaskLost,       // the cluster's task for this boot ended without a result
    DiskFull,
    OutOfMemory,
    OutOfDescriptors,
    Starved, // no completion, but the host ran something else for at least half of the time
    Cancelled,
};

struct BootOutcomeInfo {
    BootOutcome ending;
    const char* name; // as in fault-N.txt, run.json and --json: "rcu-stall"
    FaultDomain fault_domain;
    const char* words;
};
const std::vector<BootOutcomeInfo>& endings();
const BootOutcomeInfo& about(BootOutcome ending);

// The error of a boot with this outcome; its kind and fault domain are those of `ending`.
tl::unexpected<Error> ended(BootOutcome ending, std::string message,
                            std::filesystem::path log = {});

// The error for a hypervisor that could not start the guest.
tl::unexpected<Error> did_not_start(const std::string& message, std::filesystem::path log);

// The outcome that the hypervisor's own messages imply if they name what the host lacks; else
// `otherwise`.
BootOutcome of_hypervisor(const std::string& messages, BootOutcome otherwise);

// A failure after a kernel splat counts as the kernel's. `error.complaint` must be set.
Error after_complaint(const Error& error);

} // namespace rig
