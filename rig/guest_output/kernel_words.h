// SPDX-License-Identifier: GPL-2.0-or-later
// Separates messages of the kernel from lines that programs wrote to /dev/kmsg. The kernel log that
// the agent sent marks lines of programs (guest::kUserSpace); the console shows the same lines
// without the mark. Pure.
#pragma once

#include "rig/guest_output/console_line.h"

#include <set>
#include <string>
#include <string_view>

namespace rig {

// Explains a splat of a boot whose kernel log did not arrive: the splat counts as the kernel's.
inline constexpr const char* kCannotTell =
    "no log of the kernel's arrived, and a console does not tell what a program wrote to /dev/kmsg "
    "from the kernel's words";

// Lines of programs as the console shows them. The key is time stamp, caller and text.
class ProgramLines {
 public:
    void add(const ConsoleLine& line) { keys_.insert(key(line)); }
    void remove(const ConsoleLine& line) { keys_.erase(key(line)); }
    bool hold(const ConsoleLine& line) const {
        return !keys_.empty() && line.seconds && keys_.contains(key(line));
    }

 private:
    static std::string key(const ConsoleLine& line);
    std::set<std::string> keys_;
};

struct LoggedWords {
    std::string kernels; // the log without the lines of programs
    // A line that the kernel logged as well is not in here, so no message of the kernel is ever
    // hidden.
    ProgramLines programs;
};
LoggedWords words_of(std::string_view kernel_log);

} // namespace rig
