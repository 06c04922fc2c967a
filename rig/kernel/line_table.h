// SPDX-License-Identifier: GPL-2.0-or-later
// Where a compiler put a line of source: the DWARF line table of an ELF file, read with libdw of
// elfutils, and the calls that it inlined.
#pragma once

#include "rig/base/error.h"
#include "rig/kernel/elf_file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rig {

// The code of one line: all copies that the compiler made of it, by inlining, cloning or unrolling.
// Ranges are ascending and apart.
struct LineCode {
    std::vector<CodeRange> text; // stays for as long as the kernel runs
    std::vector<CodeRange>
        init; // in memory that the kernel frees after boot: .init.text and others
    // Where a statement of the line begins whose instruction belongs to another line: the compiler
    // merged the two. Executions of that instruction are at least those of the statement; they may
    // be more, where other ways lead to it. Only of lines without `text` and `inlined`.
    std::vector<std::uint64_t> merged;
    // Of a line that calls functions which the compiler inlined there: in each inlined body, the
    // instructions of its first statement that has any. The body is what DWARF has as
    // DW_TAG_inlined_subroutine of this line, with the bodies inlined into it; its first statement
    // is the first to begin at or behind DW_AT_entry_pc, by address. That statement begins within
    // the body, and its instructions are those within the body that are of its line. They run as
    // often as the call, but
    //   - more often where the statement is a loop,
    //   - less often where all before it has no instruction of its own, and it is conditional,
    //   - at other times where the compiler moved them, as those of any line in `text`.
    // A body without such a statement has none here. Only of lines without `text`.
    std::vector<CodeRange> inlined;
    std::set<std::string> callees; // names of the functions whose bodies are in `inlined`
    bool begins = false;           // a statement of the line begins at one of its rows
    bool discarded = false;        // compiled, and dropped by the linker
    bool counted() const { return !text.empty() || !inlined.empty(); }
};

inline constexpr std::size_t kMaxLineRows = 20'000'000; // of a file: ten times those of a vmlinux

class LineTable {
 public:
    // Reads the rows of `files`, which are relative to `top`, the folder of the sources. An error
    // (the host's fault) names what cannot be read: no ELF file, no or broken DWARF, more than
    // `max_rows` rows.
    static Result<LineTable> read(const std::filesystem::path& elf,
                                  const std::filesystem::path& top,
                                  const std::set<std::string>& files,
                                  std::size_t max_rows = kMaxLineRows);

    // The code of a line. nullptr: no instruction of the file comes from it.
    const LineCode* find(const std::string& file, unsigned line) const;
    // A variable, a type or a member is declared in this line, says DWARF.
    bool declares(const std::string& file, unsigned line) const;
    // The .c files, relative to `top`, that were compiled with debug information.
    const std::set<std::string>& units() const { return units_; }

 private:
    class Reader;
    std::map<std::pair<std::string, unsigned>, LineCode> lines_;
    std::set<std::pair<std::string, unsigned>> declarations_;
    std::set<std::string> units_;
};

} // namespace rig
