// SPDX-License-Identifier: GPL-2.0-or-later
// The lines that the patches of lines/6.12 change, and where each is in the kernel. The table was
// checked by hand against `objdump -dl` of the kernel with debug information: gcc 12.2.0 of
// Debian 12, x86-64. Needs the 6.12 kernel of the shipped configuration in the cache, else builds
// it. Boots nothing.
#include "rig_program.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

struct Range {
    const char* function;
    unsigned offset, bytes; // 0 bytes: a bound, whose instruction is another line's
    bool operator==(const Range& other) const {
        return std::string(function) == other.function && offset == other.offset &&
               bytes == other.bytes;
    }
};
void PrintTo(const Range& range, std::ostream* out) {
    *out << fmt::format("{}+{:#x}, {} bytes", range.function, range.offset, range.bytes);
}

struct Hunk {
    const char *what, *file, *text; // the changed line, without the blanks around it
    const char *reason, *detail;
    std::vector<Range> addresses;
};
