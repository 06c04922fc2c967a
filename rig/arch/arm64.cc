// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/arch/arch.h"

namespace rig {

const Arch& arm64() {
    static const Arch arch = [] {
        Arch a;
        a.name = "arm64";
        a.kernel_arch = "arm64";
        a.option = "ARM64";
        a.cross = "aarch64-linux-gnu-";
        a.image = "Image";
        a.debian = "arm64";
        a.multiarch = "aarch64-linux-gnu";
        a.packages = "gcc-aarch64-linux-gnu g++-aarch64-linux-gnu qemu-system-arm";
        a.kcidb = "aarch64";

        a.qemu = "qemu-system-aarch64";
        a.qemu_package = "qemu-system-arm";
        a.console = "ttyAMA0";
        // GICv2 supports 8 CPUs at most. dtb-randomness=off: the device tree carries no random
        // seeds, so that a boot's seed varies only what the report lists.
        a.machine = {"virt", "gic-version=3", "dtb-randomness=off"};
        // This model has no RNDR instruction, which would read host entropy. The timer's default of
        // 62.5 MHz (16 ns a tick) is too coarse for a virtual clock on which an instruction takes 1
        // ns.
        a.cpu = "cortex-a57,cntfrq=1000000000";
        a.panic_device = "pvpanic-pci";
        a.serial_device = ""; // a PL011

        // do_handle_IPI() in arch/arm64/kernel/smp.c uses one interrupt for function calls to one
        // CPU and to many.
        a.events = {
            {"call_function_interrupts", "ipi:ipi_entry", "reason == \"Function call interrupts\""},
            {"reschedule_vectors", "ipi:ipi_entry", "reason == \"Rescheduling interrupts\""}};
        a.missing = {
            {"tlb_flushes",
             "arm64 flushes by an instruction that all CPUs obey, which no tracepoint shows"}};
        return a;
    }();
    return arch;
}

} // namespace rig
