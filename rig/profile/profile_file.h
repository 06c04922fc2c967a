// SPDX-License-Identifier: GPL-2.0-or-later
// The profile file of the TCG plugin (plugin/profile_file.h): what rig writes into it before a
// boot, and what it reads from it afterwards. Pure: rig/boot/profile_boot.h does the file I/O.
#pragma once

#include "guest/protocol/window_marks.h"
#include "rig/base/error.h"
#include "rig/kernel/symbol_table.h"
#include "rig/profile/program_pages.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Guest virtual addresses [start, start + length).
struct ProfiledFunction {
    std::string name;
    std::uint64_t start = 0, length = 0; // bytes
};

// What a profile file has counters for.
struct ProfileLayout {
    std::vector<ProfiledFunction> functions; // ascending, apart, in the upper half
    ProgramPages programs;
    // Each execution of the instruction at this address leaves a stamp: the number of instructions
    // executed so far. 0: no stamps.
    std::uint64_t stamp_at = 0;
    std::uint32_t stamps = 0; // how many are kept
};

// The function that perf calls once for each event that it records.
inline constexpr const char* kRecordedEvent = "perf_event_output_forward";
inline constexpr std::uint32_t kStamps = 65536;

// All functions of a kernel, with stamps at kRecordedEvent if the kernel has it.
ProfileLayout profile_layout(const SymbolTable& symbols, ProgramPages programs);

// A new profile file: `head` followed by zeros, `bytes` in all.
struct ProfileImage {
    std::string head;
    std::uint64_t bytes = 0;
};
// Error (the host's fault): a layout that breaks the rules above or is too large; it names the
// limit.
Result<ProfileImage> profile_image(const ProfileLayout& layout);

struct ProfileCell {
    // By window (RIG_WINDOW_...).
    std::array<std::uint64_t, RIG_WINDOWS> instructions{}, calls{};
};

// What the plugin left.
struct RawProfile {
    unsigned plugin_api = 0; // 0: no plugin mapped the file
    unsigned threads = 0;    // that executed the guest; 2 for more than one
    unsigned window = 0;     // that was open at the end
    std::array<std::uint64_t, RIG_WINDOWS> marks{}, began_at{}, ended_at{};
    std::uint64_t blocks = 0, total = 0, stamped = 0;
    std::vector<ProfileCell> functions, programs; // in the order of the layout
    std::vector<ProfileCell> others;              // by RIG_PROFILE_OTHER_...
    std::vector<std::uint64_t> stamps;            // the first of `stamped`
};

// Reads the file of a boot with this layout. Error (the host's fault) if it is cut short, too long,
// of another layout or contradicts itself; it names what was found. Never reads out of bounds,
// whatever the bytes are: QEMU writes the file, and a guest may have taken QEMU over.
Result<RawProfile> parse_profile_file(std::string_view bytes, const ProfileLayout& layout);

} // namespace rig
