// SPDX-License-Identifier: GPL-2.0-or-later
// A small interface to boot a guest and receive what it sends until it ends. Backends:
// QemuHypervisor (direct QEMU) and LibvirtHypervisor, which give the same samples under the virtual
// clock. Tests use testing/fake_hypervisor.h.
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
    std::string arch = kDefaultArch; // one of all_archs(); selects the machine
    std::filesystem::path kernel;    // bzImage, or a vmlinux with a PVH entry
    bool pvh = false; // the kernel is such a vmlinux: boot it with the small firmware (qboot)
    std::filesystem::path initrd;
    std::string cmdline;
    unsigned vcpus = 4;
    unsigned numa = 1; // nodes; divides vcpus and memory_mib
    unsigned memory_mib = 512;
    GuestClock clock = GuestClock::Virtual;
    Accelerator accelerator = Accelerator::Tcg; // Kvm only with GuestClock::Wall
    std::uint64_t seed = 1;
    // Host CPUs that QEMU is bound to; empty: those of rig. Virtual clock: QEMU uses one of them.
    // Wall clock: vCPU i is bound to the i-th, if there are more CPUs than vCPUs.
    std::vector<int> host_cpus;
    // Log of the serial console; empty = the console is on the caller's terminal (interactive).
    std::filesystem::path console_log;
    // The file for everything that the guest sends; the hypervisor creates it.
    std::filesystem::path channel;
    // A QMP socket, which is used if the guest hangs; empty: none.
    std::filesystem::path monitor;
    // The file for the memory of a guest that hangs, as an ELF core; empty: not written.
    std::filesystem::path memory_dump;
    // Counts executed instructions; only with Accelerator::Tcg.
    std::optional<CountPlugin> plugin = {};
    // Profiles the guest, in the same way.
    std::optional<CountPlugin> profiler = {};
    bool gdb_stub = false; // listen on 127.0.0.1:gdb_port and wait for the debugger's "continue"
    unsigned gdb_port = 1234;
    std::chrono::seconds deadline{600}; // wall time; then the guest is killed
};

// How often the registers of a hung guest are read again, each time after it has run on for this
// long. Several readings show whether it does always the same.
inline constexpr unsigned kLooksAgain = 23;
inline constexpr std::chrono::milliseconds kBetweenLooks{100};

inline constexpr std::uintmax_t kMaxConsole = 64u << 20; // bytes; a boot prints some 20 KiB
// No file that QEMU writes grows beyond this, however late rig notices a flood. It is above the
// limit of each file.
inline constexpr std::uintmax_t kMaxFile = 320u << 20;

// The guest ended under a daemon (libvirt) that reports neither an exit code nor a signal.
struct Lost {
    bool daemon = false; // the daemon went away; else QEMU did, without being told to
    bool operator==(const Lost&) const = default;
};

// The machine's watchdog, which the guest's agent starts (guest/deadline.h), fired: the guest's
// user space no longer runs.
struct WatchdogFired {
    bool operator==(const WatchdogFired&) const = default;
};

struct GuestEnd {
    // How the hypervisor process ended.
    std::variant<Exited, Signalled, TimedOut, Cancelled, Lost, WatchdogFired> outcome{};
    double seconds = 0; // wall time from start to end
    // TimedOut: time for which a thread was ready to run while the host ran something else; of all
    // its threads the longest time.
    double starved_seconds = 0;
    std::string messages{};     // output of the hypervisor process, the last 4 KiB
    bool panicked = false;      // the kernel reported a panic through the machine's panic device
    bool console_flood = false; // killed because the console log grew beyond kMaxConsole
    // The console log was split into several files, and is not complete.
    bool console_torn = false;
    // TimedOut, WatchdogFired: registers of all vCPUs, in the format of QEMU's "info registers -a";
    // or the reason why they could not be read.
    std::string registers{};
    // TimedOut: the same, read kLooksAgain times; fewer if the monitor stopped answering.
    std::vector<std::string> registers_again{};
};

// The host on which guests run, if it is not the one on which rig runs.
struct OtherHost {
    std::string uri;
    std::vector<int> cpus;    // online
    std::uint64_t memory = 0; // bytes that are still available
};

class Hypervisor {
 public:
    virtual ~Hypervisor() = default;

    // Boots the guest and blocks until it is gone. Every byte of the channel is passed to
    // `on_bytes`. If that returns false (a protocol violation), the guest is killed. Nothing is
    // sent to the guest: its commands are in the initrd. Fails only if the guest could not be
    // started at all (FaultDomain::Host).
    virtual Result<GuestEnd> run(const BootRequest& request,
                                 const std::function<bool(std::string_view)>& on_bytes,
                                 std::stop_token stop) = 0;

    // The program that runs guests of this architecture, for display.
    virtual Result<std::string> emulator(const Arch& arch) { return arch.qemu; }

    // The emulator's version: "QEMU emulator version 7.2.22 (...)". FaultDomain::Spec if guests of
    // this architecture cannot be run.
    virtual Result<std::string> version(const Arch& arch) = 0;
    virtual std::string libvirt_version() const { return ""; } // "9.0.0"; "" without libvirt
    // What runs the guests: "qemu" for direct QEMU, or a libvirt URI.
    virtual std::string adapter() const { return "qemu"; }
    // The host on which guests run; nullopt: this host.
    virtual Result<std::optional<OtherHost>> other_host() { return std::optional<OtherHost>(); }
};

} // namespace rig
