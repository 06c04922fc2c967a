// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/guilty_function.h"

#include "rig/base/text.h"
#include "rig/guest_output/function_lists.h"
#include "rig/guest_output/helper_functions.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace rig {
namespace {

// Kinds that catch a CPU at a random point of an operation: stalls, and a corrupted end of a stack.
bool is_chance(SplatKind kind) {
    return kind == SplatKind::RcuStall || kind == SplatKind::SoftLockup ||
           kind == SplatKind::HardLockup || kind == SplatKind::StackOverflow;
}

constexpr std::string_view kConsoleLock = "console_lock";

bool helper(SplatKind kind, std::string_view function) {
    if (listed(kReporting, function) || listed(kDetectors, function)) return true;
    if (kind == SplatKind::HungTask) // skip what waits for the lock: its holder is to blame
        return listed(kLocks, function) || listed(kWaiting, function) ||
               listed(kMemory, function) || function == kConsoleLock;
    if (kind == SplatKind::MemoryLeak && listed(kContainers, function)) return true;
    if (kind == SplatKind::BadPage && listed(kBuffers, function)) return true;
    return listed(kLocks, function) || listed(kMemory, function) || listed(kData, function) ||
           listed(kWaiting, function) ||
           (kind == SplatKind::Lockdep && (listed(kLocking, function) || function == kConsoleLock));
}

std::string first_of(SplatKind kind, Frames::const_iterator begin, Frames::const_iterator end) {
    const auto found = std::find_if(
        begin, end, [&](const auto& name) { return !name.empty() && !helper(kind, name); });
    return found == end ? "" : *found;
}

// The function that the innermost dispatcher called; without a dispatcher the stack's first
// function that is no helper.
std::string operation(SplatKind kind, Frames::const_iterator begin, Frames::const_iterator end) {
    const auto any = [&](std::span<const std::string_view> list) {
        return std::find_if(begin, end, [&](const auto& name) { return listed(list, name); });
    };
    if (any(kBystanders) != end) return "";
    if (const auto waits = any(kWaitForCpus); waits != end) return *waits;
    // Skip the interrupt that found the CPU, which would be taken for an operation.
    if (any(kClock) != end)
        if (const auto interrupt = any(kInterrupts); interrupt != end) begin = interrupt + 1;
    for (auto at = begin; at != end; ++at)
        if (at != begin && listed(kDispatchers, *at) && !listed(kDispatchers, *(at - 1)) &&
            !helper(kind, *(at - 1)))
            return *(at - 1);
    return first_of(kind, begin, end);
}

} // namespace

std::optional<CodePlace> code_place(std::string_view text) {
    const auto plus = text.find("+0x");
    if (plus == text.npos) return std::nullopt;
    const auto symbol_char = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '$';
    };
    auto begin = plus;
    while (begin > 0 && symbol_char(text[begin - 1]))
        --begin;
    CodePlace place{std::string(text.substr(begin, plus - begin)), 0};
    const auto number = text.substr(plus + 3);
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), place.offset, 16);
    if (place.symbol.empty() || error != std::errc() || end == number.data() + number.size() ||
        *end != '/')
        return std::nullopt;
    if (instruction_symbol(text).empty() && place.offset > 0) --place.offset;
    return place;
}

bool begins_stack(std::string_view text) {
    return text.find("Call Trace:") != text.npos || text.find("Call trace:") != text.npos ||
           text.starts_with("Backtrace:") || text.starts_with("backtrace:") ||
           text.starts_with("backtrace (") ||
           text.starts_with("-> #0 "); // lockdep: the acquisition that it reports
}

bool ends_stacks(std::string_view text) {
    for (const std::string_view words : {"Allocated by task",
                                         "Freed by task",
                                         "Allocated:",
                                         "Freed:",
                                         "Allocated in ",
                                         "Freed in ",
                                         "Last potentially related work",
                                         "Uninit was ",
                                         "Local variable ",
                                         "Second to last",
                                         "The buggy address belongs",
                                         "Memory state around",
                                         "Object at ",
                                         "Showing all locks held",
                                         "page last allocated",
                                         "page last free",
                                         "read to ",
                                         "write to ",
                                         "kfence-#",
                                         "unreferenced object "})
        if (text.starts_with(words)) return true;
    return text.starts_with("allocated by task") || text.starts_with("freed by task");
}

std::string lock_place(std::string_view text) {
    const auto at = text.find(" at: ");
    return at == text.npos ? "" : trace_symbol(text.substr(at + 5));
}

std::string guilty_function(SplatKind kind, std::string_view named, std::string_view instruction,
                            const Frames& frames) {
    named = named.substr(0, named.find(" / ")); // first of the two functions of a data race
    // Instruction pointers in the report of a hung task are those of other CPUs.
    if (kind == SplatKind::HungTask) return first_of(kind, frames.begin(), frames.end());
    if (is_chance(kind)) {
        if (listed(kWaitForCpus, instruction)) return std::string(instruction);
        for (auto begin = frames.begin(); begin != frames.end();) {
            const auto end = std::find(begin, frames.end(), "");
            if (auto found = operation(kind, begin, end); !found.empty()) return found;
            begin = end == frames.end() ? end : end + 1;
        }
        return std::string(helper(kind, instruction) ? "" : instruction);
    }
    if (!named.empty() && !helper(kind, named)) return std::string(named);
    if (kind != SplatKind::Lockdep && !instruction.empty() && !helper(kind, instruction))
        return std::string(instruction);
    return first_of(kind, frames.begin(), frames.end());
}

} // namespace rig
