// SPDX-License-Identifier: GPL-2.0-or-later
// Parses QEMU's "info registers -a" for a guest that hangs. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace rig {

struct Vcpu {
    bool halted = false;     // HLT: waits for an interrupt (not known for arm64 and riscv64)
    bool interrupts = false; // accepts interrupts: RFL's bit 9; PSTATE.I clear; mstatus.SIE
    // 3 is user space. CPL; on arm64 3 for EL0; on riscv64 3 if the pc is neither in the kernel nor
    // in the firmware.
    unsigned ring = 0;
    // arm64 and riscv64 without `interrupts`: the vCPU may be idle, because Linux masks interrupts
    // while it waits for one (WFI); or it is in the firmware.
    bool may_idle = false;
    std::uint64_t pc = 0, sp = 0; // 0: unknown
};

// For x86-64, arm64 and riscv64; empty for anything else.
std::vector<Vcpu> vcpus_of(std::string_view registers);

// Yes: every vCPU is in user space or accepts interrupts, so that the hang is not a stuck CPU. No:
// a vCPU does neither, or no registers were read. NotTold: a vCPU is either idle or stuck.
enum class Responds { Yes, No, NotTold };
Responds every_vcpu_responds(std::string_view registers);

} // namespace rig
