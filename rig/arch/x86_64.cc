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
        // qemu64 without the instructions that read host entropy; a plain model also boots faster
        // under TCG than `max`.
        a.cpu = "qemu64,rdrand=off,rdseed=off";
        a.panic_device = "pvpanic-pci"; // the one on the ISA bus is found by ACPI alone
        a.serial_device = "isa-serial,chardev=console,index=0";
        // lapic_timer_hz is QEMU's; a kernel without the patch that knows it hands the word to PID
        // 1, which does not read it.
        // no_timer_check: whether the timer interrupts at all is tried out by a loop of PAUSE, each
        // of which leaves the emulator's own loop; three quarters of the way to the agent.
        a.cmdline_tcg = "tsc=reliable no_timer_check lapic_timer_hz=1000000000";
        a.cmdline_virtual = "lpj=4000000"; // a calibration that is counted, not measured
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
