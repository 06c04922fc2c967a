// Every way in which a boot can end, whose fault each is, and how one is told from the other. Pure.
#pragma once

#include "rig/console.h"
#include "rig/error.h"
#include "rig/host/hypervisor.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

enum class Ending {
    // The kernel's
    Panic,          // without an oops before
    Oops,           // BUG(), bad access, other exceptions: they panic (oops=panic)
    Splat,          // it complained, went on, and the boot did not come to its end
    RcuStall,       // no end, and this detector spoke; likewise the next four
    SoftLockup,
    HardLockup,
    HungTask,
    WorkqueueLockup,
    Hang,           // no end, and no detector spoke
    DeadAtBoot,     // no end, and the agent was never up
    EarlyEnd,       // it ended before the agent was up
    Reset,          // it ended without anybody in the guest having asked for it: a triple fault
    ConsoleFlood,
    // The guest's: nothing was tested
    AgentCrash,
    AgentFailure,   // the agent, perf or a workload's start said what was wrong
    WorkloadCrash,  // killed by a signal
    WorkloadFailure,
    BadEvidence,    // what perf and the agent sent does not add up
    Protocol,       // bytes that no agent sends, or too many of them
    EndedByGuest,   // something in the guest had it powered off or restarted
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
    Starved,        // no end, but the host ran something else half of the time or more
    Cancelled,
};

struct EndingInfo {
    Ending ending;
    const char* name; // "rcu-stall": what fault-N.txt, run.json and --json say
    Blame blame;
    const char* words;
};
const std::vector<EndingInfo>& endings();
const EndingInfo& about(Ending ending);

// The error of a boot that ended so; kind and blame are the ending's.
tl::unexpected<Error> ended(Ending ending, std::string message, std::filesystem::path log = {});

// Of a hypervisor that could not start the guest.
tl::unexpected<Error> did_not_start(const std::string& message, std::filesystem::path log);

// What the channel said until the end.
struct ChannelEnd {
    bool ready = false, bye = false; // the agent's first and last words
    std::string failure, violation;
};

// Free bytes of the file systems that take the console and the channel.
struct HostRoom {
    std::uintmax_t evidence = UINTMAX_MAX, scratch = UINTMAX_MAX;
};
// A boot is not begun with less: its console, channel and evidence take a few MiB, and a guest that floods is cut off later.
inline constexpr std::uintmax_t kRoomToBegin = 64u << 20;
// With less at its end what it wrote may be cut short.
inline constexpr std::uintmax_t kRoomAtEnd = 1u << 20;
Status room_to_begin(const HostRoom& room);

// Nothing if the boot came to its end. The order matters: the kernel's own words on its death come before the consequences, the
// host's faults before what a kernel said that went on all the same.
Status judge_end(const GuestEnd& end, const ChannelEnd& channel, const ConsoleTriage& console, const HostRoom& room, const std::filesystem::path& log,
                 std::chrono::seconds deadline);

// For a boot that came to its end: that the kernel's log, as the agent read it from its first record on, holds no splat which the
// console was kept from showing, and lost none that it could have been kept from.
Status nothing_withheld(const ConsoleTriage& console, std::string_view kernel_log, const std::filesystem::path& log);

// For such a boot: that nothing in it switched a detector of the kernel's off, or changed when it speaks. `switches`: artifact
// kDetectorSwitches of the guest. (One switched off and on again between its start and its end is not seen.)
Status no_detector_muted(const ConsoleTriage& console, std::string_view switches, const std::filesystem::path& log);

// What went wrong after the kernel complained is the kernel's. With an error.complaint.
Error after_complaint(const Error& error);

} // namespace rig
