// SPDX-License-Identifier: GPL-2.0-or-later
// What QEMU's "info registers -a" says of the vCPUs of a guest that hangs. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace rig {

struct Vcpu {
    bool halted = false;     // HLT: waits for an interrupt (arm64, riscv64: not told), and
    bool interrupts = false; // RFL's bit 9, PSTATE.I clear, mstatus.SIE: takes one
    unsigned ring = 0; // CPL, on arm64 3 for EL0, on riscv64 3 where the kernel and the firmware
                       // are not: 3 is user space
    bool may_idle = false; // arm64 and riscv64 without `interrupts`: Linux waits for one there with
                           // them masked (WFI); or it is in the firmware
    std::uint64_t pc = 0, sp = 0; // 0: not told
};

// x86-64, arm64 and riscv64; empty for anything else.
std::vector<Vcpu> vcpus_of(std::string_view registers);

// Yes: every vCPU is in user space or takes interrupts; whatever hangs there, no CPU does. No: one
// does not, or nothing was read. NotTold: one may idle or stand still.
enum class Responds { Yes, No, NotTold };
Responds every_vcpu_responds(std::string_view registers);

} // namespace rig
