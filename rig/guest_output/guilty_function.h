// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the function to blame for a splat: the first one on its stack that belongs neither to the
// detector nor to a generic helper. Pure; the lists are in function_lists.h and helper_functions.h.
#pragma once

#include "rig/guest_output/splat.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

inline constexpr std::size_t kMaxFrames = 512; // of one report, over all its stacks

// Functions on a report's stacks, innermost first, reporting functions included. An empty name
// begins a new stack.
using Frames = std::vector<std::string>;

// A code address, as call traces print it.
struct CodePlace {
    std::string symbol; // as the compiler named it: "foo.isra.0"
    std::uint64_t offset = 0;
};
// The first "foo+0x12/0x34" of a line. For a stack line the offset is decremented by 1: it is a
// return address, and addr2line is to find the call before it.
std::optional<CodePlace> code_place(std::string_view text);

// Whether this line announces a stack ("Call Trace:", "Backtrace:", "backtrace:").
bool begins_stack(std::string_view text);
// Whether the lines after this one are history, such as "Allocated by task 12:".
bool ends_stacks(std::string_view text);

// For a splat about a lock: the function after "at: ", which took the lock or is to release it.
std::string lock_place(std::string_view text);

// `named` is the function in the headline, `instruction` the CPU's instruction pointer. Returns ""
// if no function is to blame.
std::string guilty_function(SplatKind kind, std::string_view named, std::string_view instruction,
                            const Frames& frames);

} // namespace rig
