// What QEMU's "info registers -a" says of the vCPUs of a guest that hangs. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace rig {

struct Vcpu {
    bool halted = false;     // HLT: waits for an interrupt (arm64: not told), and
    bool interrupts = false; // RFL's bit 9, PSTATE.I clear: takes one
    unsigned ring = 0;       // CPL, and on arm64 3 for EL0: 3 is user space
};

// x86-64 and arm64; empty for anything else.
std::vector<Vcpu> vcpus_of(std::string_view registers);

// Every vCPU is in user space or takes interrupts: whatever hangs there, no CPU does. False where nothing is known.
bool every_vcpu_responds(std::string_view registers);

} // namespace rig
