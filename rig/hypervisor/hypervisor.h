// SPDX-License-Identifier: GPL-2.0-or-later
// One small interface for "boot a guest and talk to it until it ends". Adapters: QemuHypervisor
// (direct QEMU) and LibvirtHypervisor, which give the same samples under the virtual clock; tests
// use testing/fake_hypervisor.h.
#pragma once

#include "rig/arch/arch.h"
#include "rig/base/error.h"
#include "rig/base/guest_clock.h"
#include "rig/host/command_runner.h"
#include "rig/hypervisor/count_plugin.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rig {

struct BootRequest {
    std::string arch = kDefaultArch; // one of all_archs(): which machine it is
    std::filesystem::path kernel;    // bzImage, or a vmlinux with a PVH entry
    bool pvh = false; // kernel is such a vmlinux: boot it with the small firmware (qboot)
    std::filesystem::path initrd;
    std::string cmdline;
    unsigned vcpus = 4;
    unsigned memory_mib = 512;
    GuestClock clock = GuestClock::Virtual;
    Accelerator accelerator = Accelerator::Tcg; // Kvm only with GuestClock::Wall
    std::uint64_t seed = 1;
    std::vector<int>
        host_cpus; // that QEMU keeps to, empty: those of rig. Virtual clock: it takes one of them;
                   // wall clock: vCPU i the i-th, if there are more than vCPUs
    std::filesystem::path
        console_log; // the serial console; empty = on the caller's terminal (interactive)
    std::filesystem::path
        channel; // the file that takes what the guest sends; made by the hypervisor
    std::filesystem::path
        monitor; // a socket of QEMU's own, asked when the guest hangs; empty: none
    std::filesystem::path
        memory_dump; // where a guest that hangs leaves its memory, as an ELF core; empty: nowhere
    std::optional<CountPlugin> plugin = {}; // counts instructions; only with Accelerator::Tcg
    bool gdb_stub = false; // listen on 127.0.0.1:gdb_port, wait for the debugger's "continue"
    unsigned gdb_port = 1234;
    std::chrono::seconds deadline{600}; // wall time; afterwards the guest is killed
};

// How often the registers of a guest that does not end are read again, after it has run on for
// this long: what it does each time is what it does.
inline constexpr unsigned kLooksAgain = 23;
inline constexpr std::chrono::milliseconds kBetweenLooks{100};

inline constexpr std::uintmax_t kMaxConsole = 64u << 20; // bytes; a boot prints some 20 KiB
// No file of QEMU's grows beyond this, however late rig notices a flood: more than any of them is
// let become.
inline constexpr std::uintmax_t kMaxFile = 320u << 20;

// By a daemon that ran it (libvirt), which tells neither an exit code nor a signal.
struct Lost {
    bool daemon = false; // the daemon went away; else QEMU did, without having been asked to
    bool operator==(const Lost&) const = default;
};

// The machine's watchdog, which the guest's agent starts (guest/deadline.h), was not kept from
// firing: nothing of its user space runs any more.
struct WatchdogFired {
    bool operator==(const WatchdogFired&) const = default;
};

struct GuestEnd {
    std::variant<Exited, Signalled, TimedOut, Cancelled, Lost, WatchdogFired>
        outcome{};              // of the hypervisor process
    double seconds = 0;         // wall time from start to end
    double starved_seconds = 0; // TimedOut: how long its threads were ready to run and the host ran
                                // something else, the longest of them
    std::string messages{};     // what the hypervisor printed, the last 4 KiB
    bool panicked = false;      // the kernel told the machine's panic device so
    bool console_flood = false; // killed because the console log grew beyond kMaxConsole
    bool console_torn =
        false; // whoever wrote the console log cut it into pieces: it is not the whole
    std::string registers{}; // TimedOut, WatchdogFired: of all vCPUs, as QEMU prints them ("info
                             // registers -a"); why not, where they could not be had
    std::vector<std::string> registers_again{}; // TimedOut: the same, kLooksAgain times; fewer
                                                // where the monitor did not answer
};

// Where guests run when it is not the host that rig runs on.
struct OtherHost {
    std::string uri;
    std::vector<int> cpus;    // online
    std::uint64_t memory = 0; // bytes that can still be had
};

class Hypervisor {
 public:
    virtual ~Hypervisor() = default;

    // Boots and blocks until the guest is gone. Every byte of the channel goes to `on_bytes`, which
    // returns false to have the guest killed (a protocol violation). Nothing goes the other way:
    // commands travel in the initrd. Error only when the guest could not be started at all
    // (Blame::Host).
    virtual Result<GuestEnd> run(const BootRequest& request,
                                 const std::function<bool(std::string_view)>& on_bytes,
                                 std::stop_token stop) = 0;

    // What it executes for this architecture, to be shown.
    virtual Result<std::string> emulator(const Arch& arch) { return arch.qemu; }

    // "QEMU emulator version 7.2.22 (...)", of the one that has this architecture's machines.
    // Blame::Spec if guests of it cannot be run.
    virtual Result<std::string> version(const Arch& arch) = 0;
    virtual std::string libvirt_version() const { return ""; } // "9.0.0"; "" without libvirt
    virtual std::string adapter() const {
        return "qemu";
    } // who runs the guests: direct QEMU, or a libvirt URI
    virtual Result<std::optional<OtherHost>> other_host() {
        return std::optional<OtherHost>();
    } // nullopt: this one
};

} // namespace rig
