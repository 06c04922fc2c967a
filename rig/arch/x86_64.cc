// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/arch/arch.h"

namespace rig {

const Arch& x86_64() {
    static const Arch arch = [] {
        Arch a;
        a.name = "x86_64";
        a.kernel_arch = "x86";
        a.option = "X86";
        a.cross = "";
        a.image = "bzImage";
        a.debian = "amd64";
        a.multiarch = "x86_64-linux-gnu";
        a.packages = "";
        a.kcidb = "x86_64";

        a.qemu = "qemu-system-x86_64";
        a.qemu_package = "qemu-system-x86";
        a.console = "ttyS0";
        a.machine = {"q35", "usb=off"};
        // qemu64 without the instructions that read host entropy. A plain model also boots faster
        // under TCG than `max`.
        a.cpu = "qemu64,rdrand=off,rdseed=off";
        // The pvpanic device on the ISA bus is found only through ACPI.
        a.panic_device = "pvpanic-pci";
        a.serial_device = "isa-serial,chardev=console,index=0";
        // lapic_timer_hz is the frequency of QEMU's APIC timer. A kernel without the patch that
        // adds this parameter passes it to PID 1, which ignores it. no_timer_check skips the
        // kernel's test whether timer interrupts arrive: a loop of PAUSE, each of which leaves the
        // emulator's execution loop. That loop took three quarters of the time until the agent
        // starts.
        a.cmdline_tcg = "tsc=reliable no_timer_check lapic_timer_hz=1000000000";
        a.cmdline_virtual = "lpj=4000000"; // computed, so that the kernel does not measure it
        a.pvh = true;
        a.libvirt = true;

        a.events = {{"tlb_flushes", "tlb:tlb_flush", "", "", "TLB flushes"},
                    {"call_function_vectors", "irq_vectors:call_function_entry", ""},
                    {"call_function_single_vectors", "irq_vectors:call_function_single_entry", ""},
                    {"reschedule_vectors", "irq_vectors:reschedule_entry", ""}};
        return a;
    }();
    return arch;
}

} // namespace rig
