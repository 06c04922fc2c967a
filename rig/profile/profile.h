// SPDX-License-Identifier: GPL-2.0-or-later
// The profile of one boot: how many instructions the guest executed in each kernel function and in
// each user program, by window, how often each function was called, and how long the guest was
// idle. Pure.
#pragma once

#include "rig/base/error.h"
#include "rig/profile/profile_file.h"

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

enum class CodeKind {
    Function, // of the kernel
    Program,  // of user space, by the bytes of its pages
    Other,    // no function, no page of one program
};

// The names of CodeKind::Other.
inline constexpr const char* kOtherKernel = "kernel, in no function";
inline constexpr const char* kOtherUser = "other user space";
inline constexpr const char* kBeforeKernel = "before the kernel";

struct ProfileRow {
    CodeKind kind = CodeKind::Function;
    // Functions of one name (static functions of different files) are one row.
    std::string name;
    // By window. `calls`: executions of a function's first instruction; 0 for other kinds.
    std::array<std::uint64_t, RIG_WINDOWS> instructions{}, calls{};
    bool operator==(const ProfileRow&) const = default;
};

// What lies between the first and the last event that perf recorded in a window. Under icount one
// instruction takes one nanosecond (hypervisor/qemu_argv.cc), so the rest of the clock is idle
// time: all vCPUs waited.
struct ClockSpan {
    std::uint64_t events = 0;       // 2 or more
    std::uint64_t instructions = 0; // executed by all vCPUs
    std::uint64_t ns = 0;           // of the guest's clock
    std::uint64_t idle_ns() const { return ns > instructions ? ns - instructions : 0; }
    bool operator==(const ClockSpan&) const = default;
};

struct Profile {
    // One thread of the host executed all vCPUs. If not, the counts mean nothing.
    bool exact = false;
    // The count pass began once and ended, and so did the latency pass if it began at all.
    bool windows_complete = false;
    // Functions that executed an instruction, and those of them that were entered at their first
    // one. Functions of one name count one by one.
    std::uint64_t functions_ran = 0, functions_entered = 0;
    std::vector<ProfileRow> rows; // those that executed an instruction, by kind and name
    // nullopt: no two events, or perf's events are not those that the plugin saw.
    std::array<std::optional<ClockSpan>, RIG_WINDOWS> clock{};

    std::uint64_t total(unsigned window) const; // instructions
    bool operator==(const Profile&) const = default;
};

// `event_ns`: the times of all events that perf recorded in this boot, count pass first. With other
// events than the plugin's stamps there is no clock.
Profile make_profile(const RawProfile& raw, const ProfileLayout& layout,
                     const std::vector<std::uint64_t>& event_ns);

// Why the profile must not be used; empty if it may. One reason is a table of functions that is not
// the kernel's: functions are entered at their first instruction, but for a few in assembly, and
// with wrong addresses hardly any is.
std::string unusable(const Profile& profile);

// "count_pass", "latency_pass", "rest", by RIG_WINDOW_...; and in words.
std::string_view window_key(unsigned window);
std::string_view window_words(unsigned window);

// Round-trips exactly. Errors are FaultDomain::Host: "profile.KEY: what was found, want what".
nlohmann::json to_json(const Profile& profile);
Result<Profile> profile_from_json(const nlohmann::json& json);

} // namespace rig
