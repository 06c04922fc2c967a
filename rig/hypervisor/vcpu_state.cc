// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/vcpu_state.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace rig {
namespace {

std::optional<std::uint64_t> field(std::string_view line, std::string_view key, int base) {
    const auto at = line.find(key);
    if (at == line.npos) return {};
    const char* from = line.data() + at + key.size();
    std::uint64_t value = 0;
    if (std::from_chars(from, line.data() + line.size(), value, base).ec != std::errc()) return {};
    return value;
}

// Parses riscv64's lines such as " mstatus  0000000a000000a0".
std::optional<std::uint64_t> named(std::string_view line, std::string_view name) {
    if (!line.starts_with(name)) return {};
    line.remove_prefix(std::min(line.find_first_not_of(' ', name.size()), line.size()));
    return field(line, "", 16);
}

} // namespace

std::vector<Vcpu> vcpus_of(std::string_view registers) {
    constexpr std::uint64_t interrupt_flag = 1u << 9; // Intel SDM vol. 1, 3.4.3
    constexpr std::uint64_t arm_interrupts_masked = 1u << 7,
                            arm_level =
                                0xf; // Arm ARM, C5.2.18 SPSR_EL1: I, and M[3:0], which is 0 in EL0
    constexpr std::uint64_t riscv_interrupts = 1u
                                               << 1; // privileged architecture, 3.1.6: mstatus.SIE
    // QEMU does not print riscv64's privilege level, so it is derived from the pc. The kernel is in
    // the upper half. The firmware, and a kernel that has no page tables yet, are in the memory of
    // the machine `virt`. Programs begin below that memory; libraries and the vDSO are far above.
    constexpr std::uint64_t upper_half = 1ull << 63, memory = 0x80000000,
                            programs_again = 0x1000000000;
    std::uint64_t pc = memory;       // assumed if the pc is unknown
    std::uint64_t at = 0, stack = 0; // pc and sp of the next vCPU, if they precede its state
    std::vector<Vcpu> vcpus;
    for (std::size_t from = 0; from < registers.size();) {
        const auto end = std::min(registers.find('\n', from), registers.size());
        const auto line = registers.substr(from, end - from);
        from = end + 1;
        const auto flags = field(line, " RFL=", 16), ring = field(line, " CPL=", 10),
                   halted = field(line, " HLT=", 10);
        for (const char* name : {"RIP=", " PC="})
            if (const auto value = field(line, name, 16)) at = *value;
        for (const char* name : {" RSP=", " SP="})
            if (const auto value = field(line, name, 16)) stack = *value;
        const auto add = [&](Vcpu vcpu) {
            vcpu.pc = std::exchange(at, 0);
            vcpu.sp = std::exchange(stack, 0);
            vcpus.push_back(vcpu);
        };
        if (flags && ring && halted)
            add({*halted != 0, (*flags & interrupt_flag) != 0, static_cast<unsigned>(*ring)});
        if (const auto state = field(line, "PSTATE=", 16)) {
            const bool user = (*state & arm_level) == 0,
                       interrupts = (*state & arm_interrupts_masked) == 0;
            add({false, interrupts, user ? 3u : 0u, !user && !interrupts});
        }
        if (const auto value = named(line, " pc ")) pc = at = *value;
        if (const auto state = named(line, " mstatus ")) {
            const bool physical = pc >= memory && pc < programs_again,
                       user = pc < upper_half && !physical;
            const bool interrupts = !physical && (*state & riscv_interrupts) != 0;
            add({false, interrupts, user ? 3u : 0u, !user && !interrupts});
            pc = memory;
        }
        // riscv64 prints the general registers last.
        if (const auto place = line.find("x2/sp "); place != line.npos && !vcpus.empty())
            vcpus.back().sp = named(line.substr(place), "x2/sp ").value_or(0);
    }
    return vcpus;
}

Responds every_vcpu_responds(std::string_view registers) {
    const auto vcpus = vcpus_of(registers);
    const auto all = [&](auto responds) {
        return !vcpus.empty() && std::all_of(vcpus.begin(), vcpus.end(), responds);
    };
    if (all([](const Vcpu& vcpu) { return vcpu.interrupts || vcpu.ring == 3; }))
        return Responds::Yes;
    return all([](const Vcpu& vcpu) { return vcpu.interrupts || vcpu.ring == 3 || vcpu.may_idle; })
               ? Responds::NotTold
               : Responds::No;
}

} // namespace rig
