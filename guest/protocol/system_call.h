// SPDX-License-Identifier: GPL-2.0-or-later
// System calls as text: their names, arguments and errors, and lists of CPUs. Both sides use this
// code: the host checks an experiment with it, and the agent, which alone knows the numbers of its
// architecture, makes the calls. It accesses nothing of the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig::guest {

inline constexpr unsigned kMaxCallArguments = 6;

// The number on the architecture for which this was compiled; nullopt if no call of that name
// exists on all of rig's architectures.
std::optional<long> system_call_number(std::string_view name);
// Why the call cannot be made again and again by a thread; "" if it can.
std::string why_not_looped(std::string_view name);

// One argument of a call.
struct CallArgument {
    enum class Kind {
        Number,  // `number`
        Region,  // the address of the caller's memory plus `number`
        File,    // the descriptor of the caller's file
        Cpu,     // the caller's CPU
        NextCpu, // the CPU of the next thread of its group; of the last thread: of the first one
        Thread,  // the caller's number in its group, from 0
        Text,    // the address of the bytes `text`, with a final 0
    } kind = Kind::Number;
    std::int64_t number = 0;
    std::string text = {};
};

// Parses "-1", "0x10", "MADV_DONTNEED", "O_RDWR|O_DIRECT", "@region", "@region+4096", "@file",
// "@cpu", "@next_cpu", "@thread" and "text:/tmp/x". nullopt: none of these.
std::optional<CallArgument> parse_call_argument(std::string_view text);
// The accepted forms, for people.
std::string call_argument_forms();

// The error's number; nullopt if there is no such name.
std::optional<int> error_number(std::string_view name);
// "EAGAIN"; the number itself if it has no name.
std::string error_name(int number);

// The CPUs of "0-3,5", each once and in their order; nullopt if this is no such list, or one with a
// CPU above 4095.
std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text);

} // namespace rig::guest
