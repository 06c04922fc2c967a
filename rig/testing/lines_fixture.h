// SPDX-License-Identifier: GPL-2.0-or-later
// Made-up changed lines for the run of run_fixture.h: `reviewed` replaces a call in
// tlb_remove_table_one(), ran 80 times in each pass of each boot.
#pragma once

#include "rig/analysis/line_evidence.h"
#include "rig/spec/spec.h"

#include <string>
#include <utility>
#include <vector>

namespace rig::fixture {

inline MappedLine make_line(unsigned number, LineReason reason,
                            std::vector<LineAddress> addresses = {}, bool border = false) {
    MappedLine line;
    line.file = "mm/mmu_gather.c";
    line.line = number;
    line.text = "\tline " + std::to_string(number) + "();";
    line.reason = reason;
    line.addresses = std::move(addresses);
    line.border = border;
    return line;
}

// Two lines of each arm have instructions, one has none.
inline LineEvidence make_lines(const Spec& spec, std::uint64_t executions = 80) {
    LineEvidence lines;
    for (const bool patched : {false, true}) {
        ArmLineMap map;
        map.arm = spec.arms[patched].name;
        map.against = spec.arms[!patched].name;
        map.map.objects = {"mm/mmu_gather.o"};
        map.map.lines = {
            make_line(310, LineReason::Comment),
            make_line(317, LineReason::Mapped, {{0x1000, 0x1005, "tlb_remove_table_one", 0x10}}),
            make_line(318, LineReason::Mapped, {{0x1005, 0x1008, "tlb_remove_table_one", 0x15}})};
        map.entries = {{spec.target.function, 0xff0}};
        lines.maps.push_back(std::move(map));
    }
    const LineCount count{executions, executions, 7};
    for (const auto& arm : spec.arms)
        for (unsigned index = 0; index < spec.guest.boots; ++index) {
            BootLines boot;
            boot.arm = arm.name;
            boot.index = index;
            boot.exact = true;
            boot.lines = {{std::nullopt, count, count}};
            boot.entries = {{spec.target.function, {80, 80, 0}}};
            lines.boots.push_back(std::move(boot));
        }
    return lines;
}

} // namespace rig::fixture
