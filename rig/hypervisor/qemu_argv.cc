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
    add({"-smp", std::to_string(r.vcpus), "-m", std::to_string(r.memory_mib)});
    if (r.clock == GuestClock::Virtual)
        // One instruction is one nanosecond; idle time passes at once. The RTC starts at a fixed
        // date.
        add({"-icount", "shift=0,sleep=off", "-rtc", "clock=vm,base=2026-01-01T00:00:00"});
    add({"-seed", std::to_string(r.seed & 0xffffffff)});
    // qboot: a tenth of SeaBIOS's time under emulation. It ships with QEMU, named after the machine
    // type it was made for.
    if (r.pvh) add({"-bios", "bios-microvm.bin"});
    // As libvirt has them: the guest sees the boot order in its firmware's tables, and the kernel
    // mixes the machine's UUID, of which a host can have but one at a time, into its random
    // numbers.
    add({"-boot", "strict=on", "-uuid", kGuestUuid});
    add({"-kernel", r.kernel.string(), "-initrd", r.initrd.string(), "-append", r.cmdline});
    // The order of -device options is that of libvirt's: it decides which numbers the devices get,
    // and in that which instructions the guest executes when it finds them.
    if (!r.channel.empty()) {
        // ioeventfd=off: a kick is then handled within the guest's own instruction, not whenever
        // the host's main loop gets to it, which would show in the virtual clock. A file, not a
        // socket: it takes every byte at once. A socket that rig does not empty fast enough makes
        // the guest wait, for as long as the host likes: 200 KiB were enough to make two boots
        // differ.
        add({"-chardev", "file,id=channel,path=" + qemu_escaped(r.channel)});
        add({"-device", "virtio-serial-pci,ioeventfd=off"});
    }
    if (r.console_log.empty())
        add({"-serial", "mon:stdio"});
    else
        add({"-chardev", "file,id=console,path=" + qemu_escaped(r.console_log),
             arch.serial_device.empty() ? "-serial" : "-device",
             arch.serial_device.empty() ? "chardev:console" : arch.serial_device});
    // "debug": QEMU says that it fired (kWatchdogFired), and the guest's vCPUs are looked at as
    // they are. Not by the wall's clock, which runs on while the host does something else, and by
    // which the host's own deadline is the shorter one.
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
    if (r.plugin) add({"-plugin", plugin_option(*r.plugin)});
    // What a guest that took QEMU over could ask of the host's kernel.
    add({"-sandbox", kSandbox});
    if (r.gdb_stub) add({"-gdb", fmt::format("tcp:127.0.0.1:{}", r.gdb_port), "-S"});
    return argv;
}

} // namespace rig
