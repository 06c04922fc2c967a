// SPDX-License-Identifier: GPL-2.0-or-later
// The counters file of the TCG plugin (plugin/counts_file.h): what rig writes into it before a
// boot, and what it reads from it afterwards. Pure: rig/boot/counts_file.h does the file I/O.
#pragma once

#include "guest/protocol/window_marks.h"
#include "rig/base/error.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Guest virtual addresses [start, start + length).
struct CountedRange {
    std::uint64_t start = 0, length = 0; // bytes
    bool operator==(const CountedRange&) const = default;
};

// Which part of the boot an instruction ran in.
enum class CountWindow : unsigned {
    Rest = RIG_WINDOW_REST, // boot, agent, perf: everything but the following
    CountPass = RIG_WINDOW_COUNT_PASS,
    LatencyPass = RIG_WINDOW_LATENCY_PASS,
};

// The least distance between two instructions of this architecture, in bytes: 1 for x86-64, 2 for
// riscv64, 4 for arm64.
unsigned instruction_step(std::string_view arch);

// What a counters file has counters for.
struct CountsLayout {
    std::vector<CountedRange> ranges; // ascending, apart, multiples of `step`; may be empty
    unsigned vcpus = 1;
    unsigned step = 1;
    bool operator==(const CountsLayout&) const = default;
};

// Ranges in any order, overlapping or not: sorted, joined where they touch, extended to multiples
// of the step. Empty ranges are dropped.
std::vector<CountedRange> joined(std::vector<CountedRange> ranges, std::uint64_t step);

// Whether each of `inner` lies within one of `outer`. Both as joined() makes them.
bool covers(const std::vector<CountedRange>& outer, const std::vector<CountedRange>& inner);

// `ranges` as a layout, joined.
CountsLayout counts_layout(std::vector<CountedRange> ranges, unsigned vcpus, std::string_view arch);

// A new counters file: `head` followed by zeros, `bytes` in all.
struct CountsImage {
    std::string head;
    std::uint64_t bytes = 0;
};
// Error: a layout that breaks the rules above or needs more than RIG_COUNTS_MAX_BYTES; it names the
// limit.
Result<CountsImage> counts_image(const CountsLayout& layout);

class InstructionCounts {
 public:
    // A whole file. Error (the host's fault) if it is cut short, too long, of another format or
    // contradicts itself; it names what was found and what is accepted. Never reads out of bounds,
    // whatever the bytes are: QEMU writes the file, and a guest may have taken QEMU over.
    static Result<InstructionCounts> parse(std::string bytes);

    const CountsLayout& layout() const { return layout_; }
    // A plugin mapped the file, and the guest ran. If not, all counts are 0 and mean nothing.
    bool counted() const { return plugin_api_ != 0 && blocks_ > 0; }
    unsigned plugin_api() const { return plugin_api_; }
    // One thread of the host executed all vCPUs, and no vCPU lacks counters: each count is the
    // number of executions. Otherwise it may be off (plugin/count_ranges.c says by what).
    bool exact() const { return counted() && threads_ == 1 && foreign_vcpu_ == 0; }
    // Each vCPU has counts of its own. Not under icount with QEMU 10, whose plugins are told a
    // wrong vCPU there (plugin/count_ranges.c); total() is right all the same.
    bool vcpus_apart() const { return vcpus_apart_; }
    // How often the guest began this window; the boot itself begins in Rest without a mark.
    std::uint64_t begun(CountWindow window) const;
    // The count pass began once and ended, and so did the latency pass if it began at all.
    bool windows_complete() const;

    // How often the instruction at `address` was begun on one vCPU, or on all of them. nullopt
    // where the address is in no range; for one vCPU also if there is no such vCPU, or they are not
    // apart.
    std::optional<std::uint64_t> on(unsigned vcpu, CountWindow window, std::uint64_t address) const;
    std::optional<std::uint64_t> total(CountWindow window, std::uint64_t address) const;

 private:
    std::optional<std::uint64_t> cell_of(std::uint64_t address) const;
    std::uint64_t counter(CountWindow window, unsigned vcpu, std::uint64_t cell) const;

    std::string bytes_;
    CountsLayout layout_;
    std::vector<std::uint64_t> first_cells_; // by range
    std::uint64_t cells_ = 0, counters_at_ = 0;
    bool vcpus_apart_ = false;
    unsigned plugin_api_ = 0, threads_ = 0, window_ = 0;
    std::uint64_t blocks_ = 0, foreign_vcpu_ = 0;
    std::array<std::uint64_t, RIG_WINDOWS> marks_{};
};

} // namespace rig
