// SPDX-License-Identifier: GPL-2.0-or-later
// How often the changed lines of each arm ran in each boot: the line maps of the arms, and what the
// TCG plugin counted at their addresses. Pure; results/line_record.h reads and writes it.
#pragma once

#include "rig/guest_output/instruction_counts.h"
#include "rig/kernel/line_map.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Executions in each window of a boot.
struct LineCount {
    std::uint64_t count_pass = 0, latency_pass = 0, rest = 0;
    bool operator==(const LineCount&) const = default;
};

// The lines of `arm` that `against` does not have. The baseline has one for each other arm.
struct ArmLineMap {
    std::string arm, against;
    LineMap map;
    // First instructions of functions that perf probes, too: name -> address.
    std::map<std::string, std::uint64_t> entries;
};

// What was counted in one boot.
struct BootLines {
    std::string arm;
    unsigned index = 0;
    std::string why_not; // why there are no counts, for people; empty: there are
    bool exact = false;  // InstructionCounts::exact()
    // For each map of the arm, in their order, one entry for each line; nullopt: not counted.
    std::vector<std::vector<std::optional<LineCount>>> lines;
    std::map<std::string, LineCount> entries; // by function
};

struct LineEvidence {
    // Why the lines of this run were not counted, for people: KVM, for example. Empty: they were,
    // or nobody asked (no `maps` then).
    std::string why_not;
    std::vector<ArmLineMap> maps; // in the order of the arms
    std::vector<BootLines> boots;
    bool count_only = false; // the boots have no latency pass

    bool in_every_pass(const LineCount& count) const {
        return count.count_pass > 0 && (count_only || count.latency_pass > 0);
    }
    // "both passes", "the count pass"
    const char* passes() const { return count_only ? "the count pass" : "both passes"; }

    std::vector<const ArmLineMap*> of_arm(std::string_view arm) const;
    const ArmLineMap* find(std::string_view arm, std::string_view against) const;
    const BootLines* boot(std::string_view arm, unsigned index) const;
};

// Whether executions of this line are known exactly; if not it has no code, or only a bound.
bool is_counted_exactly(const MappedLine& line);

// The instructions to count for these maps, with the functions' entries. Those of __init code are
// not among them: after boot something else is at their addresses.
std::vector<CountedRange> ranges_of(const LineMap& map);
std::vector<CountedRange> ranges_of(const std::vector<const ArmLineMap*>& maps);

// How often a line ran: as often as the one of its instructions that ran most often. Inlined copies
// do not add up. Of a line without an instruction of its own (LineReason::Merged) this is an upper
// bound, the sum of its copies. Of a call that was inlined (LineReason::Inlined) they are the
// instructions that LineCode::inlined describes. nullopt: nothing of it was counted.
std::optional<LineCount> executions(const MappedLine& line, const InstructionCounts& counts);

// `maps` are those of `arm`.
BootLines count_boot(const std::vector<const ArmLineMap*>& maps, std::string arm, unsigned index,
                     const InstructionCounts& counts);

// "mm/mmu_gather.c:317"
std::string place_of(const MappedLine& line);
// "f.isra.0" and "f.cold" are parts of "f".
std::string_view base_name(std::string_view function);

} // namespace rig
