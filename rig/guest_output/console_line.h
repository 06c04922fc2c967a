// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes of a serial console -> lines as the kernel meant them. Pure, incremental, bounded: a line
// of any length costs kMaxConsoleLine bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rig {

inline constexpr std::size_t kMaxConsoleLine =
    1024; // printable bytes; printk cuts its records at about as many

struct ConsoleLine {
    std::optional<double>
        seconds;        // of the kernel's clock, from "[   12.345678]"; nullopt: no stamp
    std::string caller; // "T44" (task), "C1" (interrupt on CPU 1), from "[   T44]"
                        // (CONFIG_PRINTK_CALLER); "" if not told
    std::string text;   // behind these, leading blank kept: " dump_stack_lvl+0x5d/0x80"
    std::string shown;  // the whole line, printable
};

// The stamp may stand behind what a program has written without an end of line: "guest#
// [   12.345678][   T44] BUG: ...".
ConsoleLine parse_console_line(std::string shown);

// Cuts bytes into lines. Escape sequences, control characters and all that is not ASCII are
// dropped; an escape sequence ends with its line at the latest, so that it cannot hide the lines
// behind it.
class ConsoleLines {
 public:
    // Calls `take(std::string)` for every line that ends in these bytes.
    template<class Take> void feed(std::string_view bytes, Take take) {
        for (const char c : bytes)
            if (add(c)) take(end());
    }
    // The last line, if it has no end.
    template<class Take> void finish(Take take) {
        if (!line_.empty()) take(end());
    }

 private:
    enum class Escape {
        None,
        Begun,
        Sequence,
        Text
    };                // after ESC; in "ESC [ ..."; in "ESC ] ... BEL"
    bool add(char c); // true: the line is complete
    std::string end();

    std::string line_;
    Escape escape_ = Escape::None;
};

} // namespace rig
