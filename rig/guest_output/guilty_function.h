// SPDX-License-Identifier: GPL-2.0-or-later
// Whom to blame for a splat: the first function of its stack that belongs neither to the detector
// nor to a generic helper. Pure; the lists are in function_lists.h and helper_functions.h.
#pragma once

#include "rig/guest_output/splat.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

inline constexpr std::size_t kMaxFrames = 512; // of one report, all its stacks together

// Functions of a report's stacks, innermost first, with all machinery; an empty name begins a new
// stack.
using Frames = std::vector<std::string>;

// A place in code, as traces tell it.
struct CodePlace {
    std::string symbol; // as the compiler named it: "foo.isra.0"
    std::uint64_t offset = 0;
};
// The first "foo+0x12/0x34" of a line. A line of a stack has a return address, which is behind the
// call: that is 1 taken off, so that addr2line finds the call.
std::optional<CodePlace> code_place(std::string_view text);

// Does this line say that a stack follows? ("Call Trace:", "Backtrace:", "backtrace:")
bool begins_stack(std::string_view text);
// ... that what follows is history, such as "Allocated by task 12:"?
bool ends_stacks(std::string_view text);

// Of a complaint about a lock: the function behind "at: ", which took it, or is to release it.
std::string lock_place(std::string_view text);

// `named`: the function of the headline; `instruction`: where the CPU was. "" if there is none to
// blame.
std::string guilty_function(SplatKind kind, std::string_view named, std::string_view instruction,
                            const Frames& frames);

} // namespace rig
