// SPDX-License-Identifier: GPL-2.0-or-later
// Splits the bytes of a serial console into lines and parses printk's prefixes. Pure and
// incremental. Memory is bounded: a line of any length takes at most kMaxConsoleLine bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rig {

// In printable bytes. printk truncates its records at about the same length.
inline constexpr std::size_t kMaxConsoleLine = 1024;

struct ConsoleLine {
    // Kernel time from "[   12.345678]"; nullopt if the line has no time stamp.
    std::optional<double> seconds;
    // "T44" (task) or "C1" (interrupt on CPU 1), from "[   T44]" (CONFIG_PRINTK_CALLER); "" if the
    // line has none.
    std::string caller;
    // The rest of the line; leading blanks are kept: " dump_stack_lvl+0x5d/0x80".
    std::string text;
    // The whole line, printable characters only.
    std::string shown;
};

// Also finds a time stamp after text that a program wrote without a newline: "guest#
// [   12.345678][   T44] BUG: ...".
ConsoleLine parse_console_line(std::string shown);

// Splits bytes into lines. Drops escape sequences, control characters and everything that is not
// ASCII. An escape sequence ends at the end of its line at the latest, so it cannot hide later
// lines.
class ConsoleLines {
 public:
    // Calls `take(std::string)` for every line that these bytes complete.
    template<class Take> void feed(std::string_view bytes, Take take) {
        for (const char c : bytes)
            if (add(c)) take(end());
    }
    // Passes on the last line if it has no newline.
    template<class Take> void finish(Take take) {
        if (!line_.empty()) take(end());
    }

 private:
    // Begun: after ESC. Sequence: in "ESC [ ...". Text: in "ESC ] ... BEL".
    enum class Escape { None, Begun, Sequence, Text };
    bool add(char c); // returns whether the line is complete
    std::string end();

    std::string line_;
    Escape escape_ = Escape::None;
};

} // namespace rig
