// SPDX-License-Identifier: GPL-2.0-or-later
// Everything that differs between architectures, as data: one file for each architecture in this
// folder. The rest of rig reads an Arch and never checks which one it is. To add an architecture: a
// file here, its line in arch.cc, `base.NAME.config` next to configs/kernel/base.config, and the
// name of the agent's compiler in guest/meson.build.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rig {

// An event that is counted in every boot: its name in Sample::counts, the tracepoint, and perf's
// filter ("" = all). If the architecture has no such tracepoint, `function` names a kernel
// function; its calls are counted instead, through a probe that is then the event.
struct ArchEvent {
    std::string key, event, filter, function = {};
    // Label of the built-in metric `key`, for which experiments can declare expectations. "" = the
    // event is counted, but is no metric.
    std::string label = {};
};

struct Arch {
    std::string name; // value of kernel.arch: "arm64"

    // Build of kernel and perf
    std::string kernel_arch; // the Makefile's ARCH ("x86", "arm64", "riscv"); also the folder in
                             // the tree's arch/
    std::string option;      // Kconfig symbol of the architecture, without CONFIG_
    std::string cross;       // prefix of compiler and binutils; "" = the host's own
    std::string image;       // make target, and the file in arch/KERNEL_ARCH/boot/
    std::string debian;      // Debian's name of the architecture ("arm64")
    std::string multiarch;   // its folder in /usr/lib ("aarch64-linux-gnu")
    // First Debian release with packages of the architecture, if it is newer than the host's; "" =
    // the host's own release.
    std::string suite;
    // Debian packages that the architecture needs beyond rig's own, separated by blanks: the
    // compiler and, unless rig fetches it, the emulator. ./bootstrap reads them from the
    // architecture's source file.
    std::string packages;
    std::string kcidb; // output of uname -m

    // The guest
    std::string qemu; // program name
    std::string qemu_package;
    unsigned qemu_at_least = 0; // oldest major version with which guests run correctly; 0: any
    // If the host's QEMU is older or missing, rig fetches and unpacks these Debian packages
    // (program and firmware, separated by blanks) in its cache.
    std::string qemu_fetched;
    std::string qemu_suite;           // the suite of those packages ("bookworm-backports")
    std::string console;              // device name of the serial port: "ttyS0"
    std::vector<std::string> machine; // QEMU's machine type and its options
    std::string cpu;                  // CPU model under TCG
    std::string panic_device;         // -device through which the kernel reports a panic
    std::string serial_device;        // -device of the console; "" = the machine has a built-in one
    std::string cmdline_tcg;          // kernel parameters under TCG
    std::string cmdline_virtual;      // added to those under the virtual clock
    // perf can record the kernel's stack at the return of a function. If not, only at its entry.
    bool return_stacks = true;
    bool pvh = false;     // a vmlinux may have a PVH entry
    bool libvirt = false; // the libvirt backend supports this machine

    // Events counted in every boot, in addition to csd:csd_queue_cpu, which all architectures have.
    std::vector<ArchEvent> events;
    // Metrics that the architecture cannot provide for lack of a tracepoint, each with the reason.
    struct Missing {
        std::string metric, reason;
    };
    std::vector<Missing> missing;
};

const Arch& x86_64();
const Arch& arm64();
const Arch& riscv64();

inline constexpr const char* kDefaultArch = "x86_64";

// In the order in which they are documented.
const std::vector<const Arch*>& all_archs();
// nullptr if no architecture has that name.
const Arch* find_arch(std::string_view name);
// For names from a Spec or a BootRequest, which were checked when they were read.
const Arch& arch_named(std::string_view name);

// The metrics that count one event of an architecture (those with ArchEvent::label), of all
// architectures. A metric's name is the event's key in Sample::counts.
struct ArchMetric {
    std::string name, label;
};
const std::vector<ArchMetric>& arch_metrics();

// Why the architecture cannot provide a metric; "" if it can.
std::string why_missing(const Arch& arch, std::string_view metric);

} // namespace rig
