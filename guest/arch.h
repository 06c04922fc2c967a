// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent has to know of the architecture it was compiled for.
#pragma once

#include <cstdint>
#include <sys/reboot.h>

namespace rig::guest {

// The serial port, as the kernel's command line names it (rig/arch/).
#if defined(__aarch64__)
inline constexpr const char* kConsole = "/dev/ttyAMA0";
#else
inline constexpr const char* kConsole = "/dev/ttyS0";
#endif

// Where the workloads map, far from everything else of the process.
#if defined(__x86_64__)
inline constexpr std::uintptr_t kWorkloadBase = 0x100000000000;
#else
inline constexpr std::uintptr_t kWorkloadBase =
    0x1000000000; // address spaces of 39 bits (arm64, and riscv64's half of one) have it too
#endif

// What the agent asks of reboot(2) when it is done. x86 powers off through ACPI alone, which rig's
// kernels do not have; QEMU ends at a restart as well (-no-reboot).
#if defined(__x86_64__)
inline constexpr int kEndOfMachine = RB_AUTOBOOT;
#else
inline constexpr int kEndOfMachine = RB_POWER_OFF;
#endif

// A pause in a loop that waits. A single-threaded emulator goes on to the next CPU there.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#elif defined(__riscv)
    asm volatile(".4byte 0x0100000f"); // PAUSE, a hint that older assemblers do not know, and at
                                       // which QEMU goes on with the same CPU (rig/arch/riscv64.cc)
#endif
}

} // namespace rig::guest
