// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's own words and those of programs, told apart by the log that the agent sent: a
// program's line in it is marked (guest::kUserSpace), and the console shows the same line without
// the mark. Pure.
#pragma once

#include "rig/guest_output/console_line.h"

#include <set>
#include <string>
#include <string_view>

namespace rig {

// Said of a complaint on a console whose kernel's log did not arrive: it counts as the kernel's.
inline constexpr const char* kCannotTell =
    "no log of the kernel's arrived, and a console does not tell what a program wrote to /dev/kmsg "
    "from the kernel's words";

// Lines of programs as the console shows them, by stamp, caller and text.
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
    // Without any that the kernel wrote as well: nothing of the kernel's is ever hidden.
    ProgramLines programs;
};
LoggedWords words_of(std::string_view kernel_log);

} // namespace rig
