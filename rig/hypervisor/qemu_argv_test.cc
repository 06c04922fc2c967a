// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/qemu_hypervisor.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace rig {
namespace {

std::string line(const BootRequest& request) {
    return fmt::format("{}", fmt::join(qemu_argv(request, arch_named(request.arch).qemu), " "));
}

BootRequest machine_request() {
    BootRequest r;
    r.kernel = "vmlinux";
    r.pvh = true;
    r.initrd = "initrd";
    r.cmdline = "console=ttyS0";
    r.console_log = "console.log";
    r.channel = "channel";
    r.seed = 7;
    return r;
}

TEST(QemuArgv, VirtualClockGolden) {
    EXPECT_EQ(
        line(machine_request()),
        "qemu-system-x86_64 -name rig,debug-threads=on -nodefaults -no-user-config -display none "
        "-no-reboot -machine q35,usb=off "
        "-accel tcg,thread=single -cpu qemu64,rdrand=off,rdseed=off -smp 4 -m 512 -icount "
        "shift=0,sleep=off "
        "-rtc clock=vm,base=2026-01-01T00:00:00 -seed 7 -bios bios-microvm.bin -boot strict=on "
        "-uuid 00000000-0000-0000-0000-000000000000 -kernel vmlinux -initrd initrd "
        "-append console=ttyS0 -chardev file,id=channel,path=channel -device "
        "virtio-serial-pci,ioeventfd=off "
        "-chardev file,id=console,path=console.log -device isa-serial,chardev=console,index=0 "
        "-device i6300esb -action watchdog=debug -device pvpanic-pci -action panic=none -d "
        "guest_errors "
        "-device virtserialport,nr=1,chardev=channel,name=org.rig.channel.0 "
        "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

TEST(QemuArgv, NodesShareTheCpusAndTheMemoryEvenly) {
    auto r = machine_request();
    r.vcpus = 8;
    r.memory_mib = 1024;
    EXPECT_EQ(line(r).find("-numa"), std::string::npos) << "one node needs no word about it";
    r.numa = 2;
    EXPECT_NE(line(r).find("-smp 8,sockets=2,cores=4,threads=1 -m 1024 "
                           "-object memory-backend-ram,id=ram-node0,size=512M "
                           "-numa node,nodeid=0,cpus=0-3,memdev=ram-node0 "
                           "-object memory-backend-ram,id=ram-node1,size=512M "
                           "-numa node,nodeid=1,cpus=4-7,memdev=ram-node1 "),
              std::string::npos)
        << line(r);
}

TEST(QemuArgv, Arm64Golden) {
    auto r = machine_request();
    r.arch = "arm64";
    r.kernel = "Image";
    r.pvh = false;
    r.cmdline = "console=ttyAMA0";
    EXPECT_EQ(line(r),
              "qemu-system-aarch64 -name rig,debug-threads=on -nodefaults -no-user-config -display "
              "none -no-reboot "
              "-machine virt,gic-version=3,dtb-randomness=off -accel tcg,thread=single -cpu "
              "cortex-a57,cntfrq=1000000000 -smp 4 -m 512 -icount shift=0,sleep=off "
              "-rtc clock=vm,base=2026-01-01T00:00:00 -seed 7 -boot strict=on -uuid "
              "00000000-0000-0000-0000-000000000000 -kernel Image -initrd initrd "
              "-append console=ttyAMA0 -chardev file,id=channel,path=channel -device "
              "virtio-serial-pci,ioeventfd=off "
              "-chardev file,id=console,path=console.log -serial chardev:console "
              "-device i6300esb -action watchdog=debug -device pvpanic-pci -action panic=none -d "
              "guest_errors "
              "-device virtserialport,nr=1,chardev=channel,name=org.rig.channel.0 "
              "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

TEST(QemuArgv, Riscv64Golden) {
    auto r = machine_request();
    r.arch = "riscv64";
    r.kernel = "Image";
    r.pvh = false;
    EXPECT_EQ(
        line(r),
        "qemu-system-riscv64 -name rig,debug-threads=on -nodefaults -no-user-config -display none "
        "-no-reboot "
        "-machine virt -accel tcg,thread=single -cpu rv64 -smp 4 -m 512 -icount shift=0,sleep=off "
        "-rtc clock=vm,base=2026-01-01T00:00:00 -seed 7 -boot strict=on -uuid "
        "00000000-0000-0000-0000-000000000000 -kernel Image -initrd initrd "
        "-append console=ttyS0 -chardev file,id=channel,path=channel -device "
        "virtio-serial-pci,ioeventfd=off "
        "-chardev file,id=console,path=console.log -serial chardev:console "
        "-device i6300esb -action watchdog=debug -device pvpanic-pci -action panic=none -d "
        "guest_errors "
        "-device virtserialport,nr=1,chardev=channel,name=org.rig.channel.0 "
        "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

TEST(QemuArgv, WallClockIsNeverCounted) {
    auto r = machine_request();
    r.clock = GuestClock::Wall;
    EXPECT_EQ(line(r).find("icount"), std::string::npos);
    EXPECT_EQ(line(r).find("i6300esb"), std::string::npos);
    EXPECT_NE(line(r).find("tcg,thread=multi"), std::string::npos);
    r.accelerator = Accelerator::Kvm;
    r.pvh = false;
    EXPECT_NE(line(r).find("-accel kvm -cpu host"), std::string::npos);
    EXPECT_EQ(line(r).find("-bios"), std::string::npos);
}

TEST(QemuArgv, TheMonitorIsASocket) {
    auto r = machine_request();
    EXPECT_EQ(line(r).find("-mon "), std::string::npos);
    r.monitor = "m";
    EXPECT_NE(line(r).find("-chardev socket,id=monitor,server=on,wait=off,path=m -mon "
                           "chardev=monitor,mode=control"),
              std::string::npos);
}

TEST(QemuArgv, CommasInPathsDoNotBecomeOptions) {
    auto r = machine_request();
    r.console_log = "a,server=on";
    EXPECT_NE(line(r).find("path=a,,server=on"), std::string::npos);
}

TEST(QemuArgv, ShellHasTheTerminalAndGdbListensOnLoopbackOnly) {
    auto r = machine_request();
    r.console_log.clear();
    r.gdb_stub = true;
    r.gdb_port = 4321;
    EXPECT_NE(line(r).find("-serial mon:stdio"), std::string::npos);
    EXPECT_NE(line(r).find("-gdb tcp:127.0.0.1:4321 -S"), std::string::npos);
}

} // namespace
} // namespace rig
