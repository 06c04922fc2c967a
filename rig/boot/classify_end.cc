// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/classify_end.h"

#include "guest/protocol/protocol.h"
#include "rig/boot/hang_verdict.h"
#include "rig/guest_output/boot_outcome.h"
#include "rig/guest_output/kernel_words.h"
#include "rig/hypervisor/vcpu_state.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
using Splats = std::vector<Splat>;

BootOutcome ending_of(SplatKind stall) {
    switch (stall) {
    case SplatKind::RcuStall:
        return BootOutcome::RcuStall;
    case SplatKind::SoftLockup:
        return BootOutcome::SoftLockup;
    case SplatKind::HardLockup:
        return BootOutcome::HardLockup;
    case SplatKind::HungTask:
        return BootOutcome::HungTask;
    case SplatKind::WorkqueueLockup:
        return BootOutcome::WorkqueueLockup;
    default:
        return BootOutcome::Hang;
    }
}

const Splat* first_of(const Splats& splats, bool (*wanted)(SplatKind)) {
    const auto found = std::find_if(splats.begin(), splats.end(),
                                    [&](const Splat& splat) { return wanted(splat.kind); });
    return found == splats.end() ? nullptr : &*found;
}

// One cause can make several detectors of a hung guest fire: a CPU that loops with interrupts
// disabled also stalls RCU and the workers bound to it. Returns the splat that is closest to the
// cause, not the one that came first; nullptr if no detector fired.
const Splat* most_telling(const Splats& splats) {
    const Splat* found = nullptr;
    for (const auto kind : {SplatKind::WorkqueueLockup, SplatKind::HungTask, SplatKind::RcuStall,
                            SplatKind::SoftLockup, SplatKind::HardLockup})
        for (auto splat = splats.rbegin(); splat != splats.rend(); ++splat)
            if (splat->kind == kind) found = &*splat;
    return found;
}

std::string with_last_words(std::string message, const ConsoleTriage& console) {
    return message + "; " +
           (console.empty() ? "the console is empty" : "the console ends with:\n" + console.tail());
}

Status panicked(const Splat& fatal, const ConsoleTriage& console, const fs::path& log) {
    const auto& splats = console.splats();
    const auto* first = first_of(splats, [](SplatKind kind) { return !is_notice(kind); });
    // PID 1 is rig's agent. Its death is the kernel's fault only if the kernel splatted before.
    if (fatal.kind == SplatKind::InitKilled && &fatal == first)
        return ended(BootOutcome::AgentCrash, "the agent died: " + fatal.title, log);
    auto message = "kernel panic: " + in_words(fatal);
    if (!is_panic(fatal.kind)) {
        const auto panic = std::find_if(splats.begin() + (&fatal - splats.data()), splats.end(),
                                        [](const Splat& splat) { return is_panic(splat.kind); });
        if (panic != splats.end()) message += fmt::format(" ({})", panic->title);
    }
    if (first != &fatal) message += "; before that: " + in_words(*first);
    // A panic by a detector that is set to panic has the detector's outcome.
    if (is_stall(fatal.kind)) return ended(ending_of(fatal.kind), message, log);
    return ended(is_panic(fatal.kind) ? BootOutcome::Panic : BootOutcome::Oops, message, log);
}

// Classifies a hang without a splat: by the tasks if the guest sent them. Otherwise, at the host's
// deadline, by what the CPUs did then.
HangVerdict whose_hang(const GuestEnd& end, const ChannelEnd& channel, bool others_compute) {
    if (!channel.tasks.empty()) return by_tasks(channel.tasks);
    if (std::holds_alternative<WatchdogFired>(end.outcome)) return {HangVerdict::Kernels, ""};
    if (!std::holds_alternative<TimedOut>(end.outcome))
        return {HangVerdict::Undecided, "the agent did not say what the tasks did"};
    std::vector<std::string> looks = end.registers_again;
    if (!end.registers.empty()) looks.insert(looks.begin(), end.registers);
    return by_registers(looks, others_compute);
}

// `limit` describes the time that ran out ("60 s", "3600 s of the guest's clock"). `deadline` is
// the host's time limit, within which the host may have starved the guest.
Status timed_out(const GuestEnd& end, const ChannelEnd& channel, const ConsoleTriage& console,
                 const fs::path& log, const std::string& limit, std::chrono::seconds deadline,
                 bool others_compute) {
    // A guest that got no CPU time did not hang.
    if (end.starved_seconds > static_cast<double>(deadline.count()) / 2)
        return ended(BootOutcome::Starved,
                     fmt::format("the guest did not end within {} s, but for {:.0f} s of these the "
                                 "host ran something else: it is too busy",
                                 deadline.count(), end.starved_seconds),
                     log);
    const auto* stall = most_telling(console.splats());
    const std::string seen =
        end.registers.empty() ? "" : "; registers.txt has what QEMU said of its vCPUs";
    const auto detector = stall
                              ? fmt::format("found by {}: {}", name(stall->kind), in_words(*stall))
                              : "in silence: none of the kernel's detectors spoke";
    const auto found = stall           ? ending_of(stall->kind)
                       : channel.ready ? BootOutcome::Hang
                                       : BootOutcome::DeadAtBoot;
    if (!channel.ready)
        return ended(found,
                     with_last_words(fmt::format("no sign of the agent within {} ({}){}", limit,
                                                 detector, seen),
                                     console),
                     log);
    const auto verdict =
        stall ? HangVerdict{HangVerdict::Kernels, ""} : whose_hang(end, channel, others_compute);
    const auto why = verdict.why.empty() ? "" : "; " + verdict.why;
    if (verdict.whose == HangVerdict::Workloads)
        return ended(BootOutcome::WorkloadHang,
                     with_last_words(fmt::format("the workload did not come to its end within {}{}"
                                                 "{}",
                                                 limit, why, seen),
                                     console),
                     log);
    if (verdict.whose == HangVerdict::Undecided)
        return ended(BootOutcome::UndecidedHang,
                     with_last_words(fmt::format("the guest did not come to its end within {}, and "
                                                 "nothing tells whether the kernel or the workload "
                                                 "is why{}{}",
                                                 limit, why, seen),
                                     console),
                     log);
    return ended(found,
                 with_last_words(fmt::format("the guest hung, {}{}; no end within {}{}", detector,
                                             why, limit, seen),
                                 console),
                 log);
}

constexpr const char* kEveryKernelsSwitch = "rcupdate.rcu_cpu_stall_suppress ";
constexpr const char* kConsoleTorn =
    "virtlogd cut the console into pieces: set stdio_handler = \"file\" in libvirt's qemu.conf";

bool room_is_out(const HostRoom& room) {
    return std::min(room.evidence, room.scratch) < kRoomAtEnd;
}

// Whether the splat of a detector explains this change of its own switch.
bool threw_itself(std::string_view line, const Splats& splats) {
    const auto spoke = [&](SplatKind kind) {
        return std::any_of(splats.begin(), splats.end(),
                           [&](const Splat& splat) { return splat.kind == kind; });
    };
    if (line.starts_with("kernel.hung_task_warnings ")) return spoke(SplatKind::HungTask);
    // Any oops or warning that taints the kernel turns lockdep off (add_taint(),
    // LOCKDEP_NOW_UNRELIABLE), and so does lockdep's own first report.
    if (line.starts_with("lockdep.debug_locks 1 "))
        return first_of(splats, [](SplatKind kind) { return !is_notice(kind); }) != nullptr;
    return false;
}

// Classifies by the channel and the hypervisor alone.
Status by_what_it_did(const GuestEnd& end, const ChannelEnd& channel, const ConsoleTriage& console,
                      const fs::path& log, std::chrono::seconds deadline, bool others_compute) {
    if (end.console_flood)
        return ended(
            BootOutcome::ConsoleFlood,
            with_last_words(fmt::format("console flood: more than {} MiB", kMaxConsole >> 20),
                            console),
            log);
    if (!channel.violation.empty())
        return ended(BootOutcome::Protocol, "protocol violation: " + channel.violation, log);
    if (std::holds_alternative<TimedOut>(end.outcome))
        return timed_out(end, channel, console, log, fmt::format("{} s", deadline.count()),
                         deadline, others_compute);
    if (std::holds_alternative<WatchdogFired>(end.outcome)) {
        // A process of the agent keeps the watchdog from firing; something in the guest may have
        // killed it.
        const auto responds = every_vcpu_responds(end.registers);
        if (responds == Responds::Yes)
            return ended(BootOutcome::AgentFailure,
                         "the machine's watchdog fired although every vCPU responds: the agent's "
                         "process that keeps it from firing is gone",
                         log);
        if (responds == Responds::NotTold)
            return ended(BootOutcome::AgentFailure,
                         "the machine's watchdog fired, and the registers do not tell whether a "
                         "vCPU stands still or idles: either the kernel hangs, or the agent's "
                         "process that keeps it from firing is gone",
                         log);
        return timed_out(end, channel, console, log,
                         fmt::format("{} s of the guest's clock since its user space last showed "
                                     "that it runs (the machine's watchdog fired)",
                                     guest::kWatchdogSeconds),
                         deadline, others_compute);
    }
    if (!channel.ready)
        return ended(BootOutcome::EarlyEnd,
                     with_last_words("the guest ended before the agent was up", console), log);
    if (const auto stage = std::string(guest::kDeadlineStage) + ": no end within ";
        channel.failure.starts_with(stage))
        return timed_out(end, channel, console, log, channel.failure.substr(stage.size()), deadline,
                         others_compute);
    if (!channel.failure.empty())
        return ended(BootOutcome::AgentFailure, "the agent gave up: " + channel.failure, log);
    if (!channel.bye && console.asked_to_end())
        return ended(BootOutcome::EndedByGuest,
                     with_last_words("the guest was powered off or restarted from within, before "
                                     "the agent said good-bye",
                                     console),
                     log);
    if (!channel.bye)
        return ended(BootOutcome::Reset,
                     with_last_words("the guest was reset before the agent said good-bye, and "
                                     "nothing in it had asked for that (a triple fault)",
                                     console),
                     log);
    if (!console.heard())
        return ended(BootOutcome::SilencedConsole,
                     fmt::format("the console does not show what the agent wrote to the kernel's "
                                 "log last (\"{}\"): something in the guest keeps warnings from it "
                                 "(dmesg -n, kernel.printk), so that no splat could have been seen",
                                 guest::kLastWords),
                     log);
    return {};
}

} // namespace

Status room_to_begin(const HostRoom& room) {
    for (const auto& [free, what] : {std::pair{room.evidence, "the folder of results"},
                                     {room.scratch, "the scratch folder (TMPDIR)"}})
        if (free < kRoomToBegin)
            return ended(BootOutcome::DiskFull,
                         fmt::format("{} MiB free in {}, want {} to begin a boot", free >> 20, what,
                                     kRoomToBegin >> 20));
    return {};
}

Status classify_end(const GuestEnd& end, const ChannelEnd& channel, const ConsoleTriage& console,
                    const HostRoom& room, const fs::path& log, std::chrono::seconds deadline,
                    bool others_compute) {
    // The console may lack the panic. A retry after a later host fault would hide the panic, so the
    // error carries it.
    const std::string panic = end.panicked ? "kernel panic, of which the kernel told the machine's "
                                             "panic device and the console shows nothing"
                                           : "";
    const auto hosts = [&](BootOutcome ending, const std::string& message) {
        auto status = ended(ending, message, log);
        status.value().complaint = panic;
        return status;
    };
    if (std::holds_alternative<Cancelled>(end.outcome) && channel.violation.empty() &&
        !end.console_flood)
        return hosts(BootOutcome::Cancelled, "cancelled");
    const auto& splats = console.splats();
    const bool out_of_memory = std::any_of(splats.begin(), splats.end(), [](const Splat& splat) {
        return splat.kind == SplatKind::OomKill;
    });
    const std::string memory =
        out_of_memory ? "; before that the guest ran out of memory: raise guest.memory_mib" : "";
    if (const auto fatal = std::find_if(splats.begin(), splats.end(),
                                        [](const Splat& splat) { return splat.fatal; });
        fatal != splats.end()) {
        auto status = panicked(*fatal, console, log);
        status.error().message += memory;
        return status;
    }
    if (end.panicked) {
        if (end.console_torn) return hosts(BootOutcome::HypervisorStart, kConsoleTorn);
        if (room_is_out(room))
            return hosts(BootOutcome::DiskFull,
                         "the guest died, and the disk has no room for what its console said");
        return ended(BootOutcome::Panic,
                     with_last_words(
                         panic +
                             " (that rig's agent died, which is a panic as well, would be on it)" +
                             memory,
                         console),
                     log);
    }
    const auto* signalled = std::get_if<Signalled>(&end.outcome);
    // RLIMIT_FSIZE limits the files that a guest makes grow. No normal guest comes near it.
    if (signalled && signalled->signal == SIGXFSZ)
        return ended(BootOutcome::Protocol,
                     fmt::format("the guest wrote more than {} MiB to its console or channel",
                                 kMaxFile >> 20),
                     log);
    if (signalled)
        return ended(
            of_hypervisor(end.messages, BootOutcome::HypervisorSignal),
            fmt::format("QEMU was killed by signal {}: {}", signalled->signal, end.messages), log);
    if (const auto* exited = std::get_if<Exited>(&end.outcome); exited && exited->code != 0)
        return ended(of_hypervisor(end.messages, BootOutcome::HypervisorExit),
                     fmt::format("QEMU ended with exit code {}: {}", exited->code, end.messages),
                     log);
    // Checked after panics that were seen: what is in the missing part is unknown.
    if (end.console_torn) return ended(BootOutcome::HypervisorStart, kConsoleTorn, log);
    if (const auto* lost = std::get_if<Lost>(&end.outcome)) {
        if (lost->daemon)
            return ended(BootOutcome::HypervisorLost,
                         "libvirtd went away while the guest ran: " + end.messages, log);
        return ended(of_hypervisor(end.messages, BootOutcome::HypervisorSignal),
                     "QEMU died; libvirt tells neither exit code nor signal: " + end.messages, log);
    }
    auto status = by_what_it_did(end, channel, console, log, deadline, others_compute);
    if (status) return status; // a splat in a boot that completed is data
    auto& error = status.error();
    if (error.fault_domain == FaultDomain::Host) return status;
    // QEMU drops what does not fit on a full disk and continues, so an incomplete conversation does
    // not implicate the guest.
    if (room_is_out(room))
        return ended(
            BootOutcome::DiskFull,
            fmt::format(
                "less than {} MiB free for what the guest wrote, so that it is cut short: {}",
                kRoomAtEnd >> 20, error.message),
            log);
    error.message += memory;
    const auto* first = first_of(splats, [](SplatKind kind) { return !is_notice(kind); });
    const auto* named = most_telling(splats);
    if (first &&
        !(is_stall(first->kind) && named &&
          error.kind == about(ending_of(named->kind)).name)) { // `error` names this splat already
        error.complaint = in_words(*first);
        error = after_complaint(error);
    }
    return status;
}

Status nothing_withheld(const ConsoleTriage& console, std::string_view kernel_log,
                        const fs::path& log) {
    if (kernel_log.empty())
        return ended(BootOutcome::BadEvidence,
                     fmt::format("the guest did not send {}", guest::kKernelLog), log);
    ConsoleTriage said;
    said.feed(words_of(kernel_log).kernels);
    said.finish();
    const auto& shown = console.splats();
    for (const auto& splat : said.splats()) {
        if (is_notice(splat.kind) || std::any_of(shown.begin(), shown.end(), [&](const Splat& s) {
                return s.title == splat.title && s.function == splat.function;
            }))
            continue;
        // Both lists are full, and may hold different splats.
        if (console.overflow() > 0 && said.overflow() > 0) continue;
        auto status = ended(BootOutcome::SilencedConsole,
                            "the console did not show it: something in the guest kept warnings "
                            "from it for a while (dmesg -n, kernel.printk)",
                            log);
        status.value().complaint = in_words(splat);
        return tl::unexpected(after_complaint(status.value()));
    }
    // If the log overran but the console shows a splat, the kernel's reports did get through.
    if (kernel_log.find(guest::kLogOverran) != kernel_log.npos &&
        !first_of(shown, [](SplatKind kind) { return !is_notice(kind); }))
        return ended(BootOutcome::SilencedConsole,
                     "the kernel's log overran before the agent could read it: whether the console "
                     "showed every splat is not known; log_buf_len= makes it longer",
                     log);
    return {};
}

Status no_detector_muted(const ConsoleTriage& console, std::string_view switches,
                         const fs::path& log) {
    // Every SMP kernel has this sysctl. If it is missing, the list was not read from a kernel.
    if (switches.find(kEveryKernelsSwitch) == switches.npos)
        return ended(BootOutcome::BadEvidence,
                     fmt::format("{} of the guest does not hold {}", guest::kDetectorSwitches,
                                 kEveryKernelsSwitch),
                     log);
    std::string thrown;
    for (std::size_t from = 0, end = 0; from < switches.size(); from = end + 1) {
        end = std::min(switches.find('\n', from), switches.size());
        const auto line = switches.substr(from, end - from);
        if (line.find(guest::kThrown) != line.npos && !threw_itself(line, console.splats()))
            thrown += fmt::format("{}{}", thrown.empty() ? "" : ", ", line.substr(0, 100));
    }
    if (thrown.empty()) return {};
    return ended(BootOutcome::MutedDetector,
                 fmt::format("something in the guest changed a detector of the kernel's while it "
                             "was to watch ({}); what is to hold for a whole boot belongs in "
                             "guest.extra_cmdline, which the report shows",
                             thrown),
                 log);
}

} // namespace rig
