// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/qemu_hypervisor.h"

#include "guest/protocol/protocol.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {

std::string qemu_escaped(const std::filesystem::path& path) {
    std::string out;
    for (const char c : path.string())
        out += c == ',' ? std::string(",,") : std::string(1, c);
    return out;
}

std::vector<std::string> qemu_argv(const BootRequest& r, const std::string& program) {
    const auto& arch = arch_named(r.arch);
    std::vector<std::string> argv{program,       "-name",           "rig,debug-threads=on",
                                  "-nodefaults", "-no-user-config", "-display",
                                  "none",        "-no-reboot"};
    const auto add = [&argv](std::initializer_list<std::string> more) {
        argv.insert(argv.end(), more);
    };

    add({"-machine", fmt::format("{}", fmt::join(arch.machine, ","))});
    if (r.accelerator == Accelerator::Kvm)
        add({"-accel", "kvm", "-cpu", "host"});
    else
        add({"-accel", r.clock == GuestClock::Virtual ? "tcg,thread=single" : "tcg,thread=multi",
             "-cpu", arch.cpu});
    add({"-smp",
         r.numa > 1
             // A node is a socket: a kernel warns of CPUs of one socket in several nodes.
             ? fmt::format("{},sockets={},cores={},threads=1", r.vcpus, r.numa, r.vcpus / r.numa)
             : std::to_string(r.vcpus),
         "-m", std::to_string(r.memory_mib)});
    for (unsigned node = 0; r.numa > 1 && node < r.numa; ++node)
        add({"-object",
             fmt::format("memory-backend-ram,id=ram-node{},size={}M", node, r.memory_mib / r.numa),
             "-numa",
             fmt::format("node,nodeid={0},cpus={1}-{2},memdev=ram-node{0}", node,
                         node * (r.vcpus / r.numa), (node + 1) * (r.vcpus / r.numa) - 1)});
    if (r.clock == GuestClock::Virtual)
        // One instruction takes one nanosecond, and idle time passes immediately. The RTC starts at
        // a fixed date.
        add({"-icount", "shift=0,sleep=off", "-rtc", "clock=vm,base=2026-01-01T00:00:00"});
    add({"-seed", std::to_string(r.seed & 0xffffffff)});
    // qboot takes a tenth of SeaBIOS's time under emulation. It ships with QEMU, under the name of
    // the machine type that it was made for.
    if (r.pvh) add({"-bios", "bios-microvm.bin"});
    // As libvirt sets them: the guest sees the boot order in its firmware's tables, and the kernel
    // mixes the machine's UUID into its random numbers.
    add({"-boot", "strict=on", "-uuid", kGuestUuid});
    add({"-kernel", r.kernel.string(), "-initrd", r.initrd.string(), "-append", r.cmdline});
    // The order of the -device options is libvirt's: it determines the devices' numbers, and with
    // them the instructions that the guest executes when it finds the devices.
    if (!r.channel.empty()) {
        // ioeventfd=off: a virtqueue kick is handled within the guest's own instruction. Otherwise
        // QEMU's main loop handles it whenever the host runs it, which would be visible in the
        // virtual clock. A file, not a socket, because a file accepts every byte at once: with a
        // socket that rig does not empty fast enough, the guest waits for as long as the host
        // takes. 200 KiB were enough to make two boots differ.
        add({"-chardev", "file,id=channel,path=" + qemu_escaped(r.channel)});
        add({"-device", "virtio-serial-pci,ioeventfd=off"});
    }
    if (r.console_log.empty())
        add({"-serial", "mon:stdio"});
    else
        add({"-chardev", "file,id=console,path=" + qemu_escaped(r.console_log),
             arch.serial_device.empty() ? "-serial" : "-device",
             arch.serial_device.empty() ? "chardev:console" : arch.serial_device});
    // "debug": QEMU prints that the watchdog fired (kWatchdogFired), and rig reads the vCPUs as
    // they are. Not under the wall clock, which goes on while the host runs something else; and
    // there the host's own deadline is shorter.
    if (!r.channel.empty() && r.clock == GuestClock::Virtual)
        add({"-device", "i6300esb", "-action", "watchdog=debug"});
    if (!r.channel.empty())
        add({"-device", arch.panic_device, "-action", "panic=none", "-d", "guest_errors"});
    if (!r.channel.empty())
        add({"-device",
             fmt::format("virtserialport,nr=1,chardev=channel,name={}", guest::kChannelName)});
    if (!r.monitor.empty())
        add({"-chardev", "socket,id=monitor,server=on,wait=off,path=" + qemu_escaped(r.monitor),
             "-mon", "chardev=monitor,mode=control"});
    for (const auto& plugin : {r.plugin, r.profiler})
        if (plugin) add({"-plugin", plugin_option(*plugin)});
    // Restricts what a guest that has taken over QEMU can request from the host's kernel.
    add({"-sandbox", kSandbox});
    if (r.gdb_stub) add({"-gdb", fmt::format("tcp:127.0.0.1:{}", r.gdb_port), "-S"});
    return argv;
}

} // namespace rig
