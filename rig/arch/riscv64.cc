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
        a.packages = "gcc-riscv64-linux-gnu g++-riscv64-linux-gnu qemu-system-misc";
        a.kcidb = "riscv64";

        a.qemu = "qemu-system-riscv64";
        a.qemu_package = "qemu-system-misc";
        a.console = "ttyS0";
        // Starts its OpenSBI below the kernel. Its device tree carries a random seed that nothing switches off; QEMU draws it from -seed.
        // Its clock counts 10 MHz, 100 ns a tick, which nothing changes either.
        a.machine = {"virt"};
        a.cpu = "rv64";
        a.panic_device = "pvpanic-pci";
        a.serial_device = ""; // an NS16550
        // With icount a vCPU that spins keeps its turn until a timer of the machine expires: other than on x86 and arm64 the instruction that Linux
        // waits with (PAUSE) does not give it away. stop_machine(), by which riscv64 puts every probe in, then takes minutes. A network filter without
        // a guest's device behind it, on a hub without a host's, is a timer of that clock: it ends turns after 1 ms.
        a.virtual_clock = {"-netdev", "hubport,id=turns,hubid=0", "-object", "filter-buffer,id=turn,netdev=turns,interval=1000"};
        // arch/riscv/kernel/probes/rethook_trampoline.S leaves sstatus out of the registers it hands on, so that perf takes the kernel for user space.
        a.return_stacks = false;

        // arch/riscv/kernel/smp.c: handle_IPI() has no tracepoint but that of every interrupt, which tells all IPIs by one name. For call
        // functions to one CPU and to many it calls the same function.
        a.events = {{"call_function_interrupts", "rig:call_function_interrupts", "", "generic_smp_call_function_single_interrupt"}};
        a.missing = {{"tlb_flushes", "on riscv64 the firmware flushes other CPUs' TLBs, which no tracepoint shows"}};
        return a;
    }();
    return arch;
}

} // namespace rig
