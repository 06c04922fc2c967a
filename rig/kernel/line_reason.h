// SPDX-License-Identifier: GPL-2.0-or-later
// Why a line of source has no instructions that can be counted, or that it has. Pure: the facts are
// collected in line_map.h.
#pragma once

#include "rig/kernel/line_table.h"
#include "rig/kernel/source_lines.h"

#include <optional>
#include <string>
#include <string_view>

namespace rig {

enum class LineReason {
    Mapped,        // instructions come from it
    Inlined,       // it calls a function that was inlined, and whose body has instructions
    Merged,        // a statement without an instruction of its own
    Blank,         //
    Comment,       //
    Macro,         // of a #define: its code is at the lines that use it
    BuildFile,     // Kconfig, Makefile
    Assembly,      // .S: not mapped
    Elsewhere,     // compiled, for something else than vmlinux: the vDSO, a tool of the build
    Option,        // no object of this kernel compiles the file
    IfdefOut,      // the preprocessor dropped it
    Declaration,   // a declaration, a type or an initialiser
    OptimisedAway, // a statement without instructions
    Init,          // its instructions are freed after boot
    Discarded,     // compiled, and dropped by the linker
    NoCode,        // none of these can be shown; the last one
};
// "mapped", "merged", ...: for JSON. And the same in plain English.
const char* key_of(LineReason reason);
std::optional<LineReason> reason_of_key(std::string_view key);
const char* words_of(LineReason reason);
// Executions of its instructions are those of the line.
inline bool is_counted(LineReason reason) {
    return reason == LineReason::Mapped || reason == LineReason::Inlined;
}
// The sum of the executions at its addresses is an upper bound of those of the line.
inline bool is_bound(LineReason reason) {
    return reason == LineReason::Merged;
}

enum class SourceKind { C, Assembly, BuildFile, Other };
SourceKind source_kind(std::string_view path);

// What is known of one line. Fields that the ones before them decide need not be filled in.
struct LineFacts {
    SourceKind source = SourceKind::C;
    SourceLine line;
    const LineCode* code = nullptr; // of the linked kernel
    bool compiled = false;          // an object of the kernel compiles or includes the file
    // If not `compiled`:
    std::string unlinked;      // an object compiles it, and nothing of vmlinux refers to that
    std::string assembly;      // else: an object of vmlinux from assembly includes it
    std::string elsewhere;     // else: an object that is none of vmlinux compiles or includes it
    std::string why_no_object; // else: what is known about it, for people
    std::optional<bool> kept;  // after the preprocessor; nullopt: not known of all objects
    SourcePlace place;         // among the lines that were kept
    bool declares = false;     // LineTable::declares()
    bool function_has_code = false;  // some line of place.function has
    bool statement_has_code = false; // the line place.statement has
};

struct LineVerdict {
    LineReason reason = LineReason::NoCode;
    std::string detail; // what decided it, where the reason alone does not say; for people
};

// The rules, the first that holds:
//   Mapped, Inlined, Init, Discarded  what the line table of the linked kernel says
//   BuildFile, Assembly               the file's name
//   Blank, Comment, Macro             the line's characters
//   Discarded, Assembly, Elsewhere, Option
//                                     the dependencies that the compiler wrote for each object
//   IfdefOut                          what the preprocessor printed for every object
//   Declaration   outside of functions, in a function's signature, or DWARF has a variable, type or
//                 member of this line and the line assigns nothing
//   Merged        the line table has no instruction of it, and the address where it begins
//   OptimisedAway the line is in the body of a function, begins a statement, is more than brackets
//                 and labels; or no line of the function has code
//   NoCode        all others, with the detail that is known
LineVerdict explain_line(const LineFacts& facts);

} // namespace rig
