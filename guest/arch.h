// SPDX-License-Identifier: GPL-2.0-or-later
// What depends on the architecture for which the agent was compiled.
#pragma once

#include <cstdint>
#include <sys/reboot.h>

namespace rig::guest {

// The serial port, as in the kernel's command line (rig/arch/).
#if defined(__aarch64__)
inline constexpr const char* kConsole = "/dev/ttyAMA0";
#else
inline constexpr const char* kConsole = "/dev/ttyS0";
#endif

// The base address of the workloads' mappings, far from all other mappings of the process.
#if defined(__x86_64__)
inline constexpr std::uintptr_t kWorkloadBase = 0x100000000000;
#else
// Fits into address spaces of 39 bits (arm64, and riscv64's half of one).
inline constexpr std::uintptr_t kWorkloadBase = 0x1000000000;
#endif

// The argument of reboot(2) at the end. x86 can power off only through ACPI, which rig's kernels do
// not have; but QEMU also ends at a restart (-no-reboot).
#if defined(__x86_64__)
inline constexpr int kEndOfMachine = RB_AUTOBOOT;
#else
inline constexpr int kEndOfMachine = RB_POWER_OFF;
#endif

// A pause in a waiting loop, at which a single-threaded emulator switches to the next CPU.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#elif defined(__riscv)
    // The hint PAUSE, which older assemblers do not support. At this one QEMU does not switch to
    // another CPU (rig/arch/riscv64.cc).
    asm volatile(".4byte 0x0100000f");
#endif
}

// A counter that user space reads without entering the kernel. It runs evenly, at a rate that
// depends on the machine. Under the virtual clock it follows that clock.
inline std::uint64_t counter_ticks() {
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    std::uint64_t ticks;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#elif defined(__riscv)
    std::uint64_t ticks;
    asm volatile("rdtime %0" : "=r"(ticks));
    return ticks;
#endif
}

} // namespace rig::guest
