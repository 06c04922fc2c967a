// SPDX-License-Identifier: GPL-2.0-or-later
// What differs from one architecture to another, one file for each beside this one. Everything else
// in rig asks an Arch and never which it is. Adding one: a file, its line in arch.cc,
// `base.NAME.config` beside configs/kernel/base.config, and the compiler's name for the agent in
// guest/meson.build.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rig {

// What is counted in every boot: its name in Sample::counts, the tracepoint, and perf's filter (""
// = all). Where there is no tracepoint `function` names a kernel function whose calls are counted
// in its place, by a probe that is the event.
struct ArchEvent {
    std::string key, event, filter, function = {};
    std::string label = {}; // of a built-in metric named `key`, which experiments may make a claim
                            // about; "" = counted, no metric of its own
};

struct Arch {
    std::string name; // as in kernel.arch: "arm64"

    // The build of kernel and perf
    std::string kernel_arch; // the Makefile's ARCH: "x86", "arm64", "riscv"; also the folder in the
                             // tree's arch/
    std::string option;      // the Kconfig symbol that stands for it, without CONFIG_
    std::string cross;  // what the names of compiler and binutils begin with; "" = the host's own
    std::string image;  // make's target and the file in arch/KERNEL_ARCH/boot/
    std::string debian; // Debian's name for it ("arm64"), and
    std::string multiarch; // the folder that has in /usr/lib ("aarch64-linux-gnu")
    std::string suite;     // Debian's first release with packages of it, if that is newer than the
                           // host's; "" = the host's own release
    std::string packages;  // Debian packages of compiler and, where it is not fetched, emulator
                           // beyond rig's own, blank between; bootstrap reads them here
    std::string kcidb;     // how uname -m calls it

    // The guest
    std::string qemu; // program
    std::string qemu_package;
    unsigned qemu_at_least =
        0; // major version without which guests do not run as they should; 0: any
    // Where the host's is older or missing: Debian packages of program and firmware, blank between,
    // which rig fetches and unpacks in its cache,
    std::string qemu_fetched;
    std::string qemu_suite;           // and the suite they are of ("bookworm-backports")
    std::string console;              // of the serial port: "ttyS0"
    std::vector<std::string> machine; // machine type and options of QEMU
    std::string cpu;                  // model under TCG
    std::string panic_device;         // -device that the kernel tells of its panic
    std::string serial_device;        // -device of the console; "" = the machine has one of its own
    std::string cmdline_tcg;          // kernel parameters under TCG
    std::string cmdline_virtual;      // and under the virtual clock alone
    bool return_stacks =
        true; // perf knows the kernel's stack at the return of a function; else only at its entry
    bool pvh = false;     // a vmlinux may have a PVH entry
    bool libvirt = false; // the libvirt adapter builds this machine

    // Counted in every boot beside csd:csd_queue_cpu, which all have. The keys are those of
    // Sample::counts.
    std::vector<ArchEvent> events;
    // Metrics for which it has no tracepoint, each with the reason
    struct Missing {
        std::string metric, reason;
    };
    std::vector<Missing> missing;
};

const Arch& x86_64();
const Arch& arm64();
const Arch& riscv64();

inline constexpr const char* kDefaultArch = "x86_64";

// In the order of documentation.
const std::vector<const Arch*>& all_archs();
// nullptr if there is none of that name.
const Arch* find_arch(std::string_view name);
// For a name that a Spec or a BootRequest holds, which was checked when it was read.
const Arch& arch_named(std::string_view name);

// The metrics that count one event of an architecture (ArchEvent::label), of all architectures,
// each under the event's key in Sample::counts.
struct ArchMetric {
    std::string name, label;
};
const std::vector<ArchMetric>& arch_metrics();

// Why the architecture cannot have a metric; "" if it can.
std::string why_missing(const Arch& arch, std::string_view metric);

} // namespace rig
