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
        // QEMU 7.2, bookworm's, gives a vCPU that spins all instructions that are left until the
        // next timer and the others none (PAUSE, other than on x86 and arm64, does not give the
        // turn away): some boots do not come out of stop_machine(), by which riscv64 puts every
        // probe in. Later ones share them out evenly (icount_percpu_budget() in accel/tcg).
        // Tried: 7.2, 10.0.
        a.qemu_at_least = 10;
        a.qemu_fetched = "qemu-system-riscv opensbi";
        a.qemu_suite = "bookworm-backports";
        a.console = "ttyS0";
        // Starts its OpenSBI below the kernel. Its device tree carries a random seed that nothing
        // switches off; QEMU draws it from -seed. Its clock counts 10 MHz, 100 ns a tick, which
        // nothing changes either.
        a.machine = {"virt"};
        a.cpu = "rv64";
        a.panic_device = "pvpanic-pci";
        a.serial_device = ""; // an NS16550
        // arch/riscv/kernel/probes/rethook_trampoline.S leaves sstatus out of the registers it
        // hands on, so that perf takes the kernel for user space.
        a.return_stacks = false;

        // arch/riscv/kernel/smp.c: handle_IPI() has no tracepoint but that of every interrupt,
        // which tells all IPIs by one name. For call functions to one CPU and to many it calls the
        // same function.
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
