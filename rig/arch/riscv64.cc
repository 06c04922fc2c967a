// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/arch/arch.h"

namespace rig {

const Arch& riscv64() {
    static const Arch arch = [] {
        Arch a;
        a.name = "riscv64";
        a.kernel_arch = "riscv";
        a.option = "RISCV";
        a.cross = "riscv64-linux-gnu-";
        a.image = "Image";
        a.debian = "riscv64";
        a.multiarch = "riscv64-linux-gnu";
        a.suite = "trixie"; // bookworm has the cross compiler, but no packages of the architecture
        a.packages = "gcc-riscv64-linux-gnu g++-riscv64-linux-gnu";
        a.kcidb = "riscv64";

        a.qemu = "qemu-system-riscv64";
        a.qemu_package = "qemu-system-riscv";
        // QEMU 7.2 (bookworm's) gives a spinning vCPU all instructions that are left until the next
        // timer, and the other vCPUs none. On riscv64 PAUSE does not yield to the next vCPU, as it
        // does on x86 and arm64. Therefore some boots never leave stop_machine(), with which
        // riscv64 inserts every probe. Later versions share the instructions evenly
        // (icount_percpu_budget() in accel/tcg). Tested: 7.2, 10.0.
        a.qemu_at_least = 10;
        a.qemu_fetched = "qemu-system-riscv opensbi";
        a.qemu_suite = "bookworm-backports";
        a.console = "ttyS0";
        // QEMU starts its built-in OpenSBI before the kernel. The device tree always carries a
        // random seed, which QEMU derives from -seed. The timer always counts at 10 MHz (100 ns a
        // tick).
        a.machine = {"virt"};
        a.cpu = "rv64";
        a.panic_device = "pvpanic-pci";
        a.serial_device = ""; // an NS16550
        // rethook_trampoline.S in arch/riscv/kernel/probes/ does not save sstatus in the registers
        // that it passes on, so that perf mistakes the kernel for user space.
        a.return_stacks = false;

        // handle_IPI() in arch/riscv/kernel/smp.c has only the tracepoint of all interrupts, which
        // reports every IPI under the same name. It calls the same function for function calls to
        // one CPU and to many.
        a.events = {{"call_function_interrupts", "rig:call_function_interrupts", "",
                     "generic_smp_call_function_single_interrupt"}};
        a.missing = {
            {"tlb_flushes",
             "on riscv64 the firmware flushes other CPUs' TLBs, which no tracepoint shows"}};
        return a;
    }();
    return arch;
}

} // namespace rig
