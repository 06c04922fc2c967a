// SPDX-License-Identifier: GPL-2.0-or-later
// What a line of a C file is, as far as its characters tell: for lines from which the compiler made
// no code. Pure. This is no parser of C; what it cannot tell it leaves open.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

enum class LineKind {
    Blank,
    Comment,
    Macro,     // of a #define, with its continued lines
    Directive, // of any other directive of the preprocessor
    Code,      // anything else
};

struct SourceLine {
    LineKind kind = LineKind::Blank;
    // Only brackets, ';', `else`, `do`, and labels, `case X:` and `default:` among them.
    bool marks_only = false;
    bool assigns = false; // has a '='
};

// One entry for each line. A comment behind code is code; a line within a string is code.
std::vector<SourceLine> source_lines(std::string_view text);

// Where in its file a line of code is.
struct SourcePlace {
    // Of the function whose signature or body the line is in, else empty.
    std::string function;
    unsigned first = 0, last = 0; // lines of that function, from its signature to its last bracket
    bool signature = false;       // before the function's body
    unsigned statement = 0;       // in a body: the line in which the statement of this line begins
};

// One entry for each line; lines outside functions, and lines that are no code, have an empty one.
// `kept` says which lines a compiler saw (#ifdef): brackets of others do not count.
std::vector<SourcePlace> source_places(std::string_view text,
                                       const std::function<bool(unsigned line)>& kept);

} // namespace rig
