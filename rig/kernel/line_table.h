// SPDX-License-Identifier: GPL-2.0-or-later
// Where a compiler put a line of source: the DWARF line table of an ELF file, read with libdw of
// elfutils. And whether two ELF files load the same bytes.
#pragma once

#include "rig/base/error.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rig {

// Addresses [start, end) that hold instructions.
struct CodeRange {
    std::uint64_t start = 0, end = 0;
    bool operator==(const CodeRange&) const = default;
};

// The code of one line: all copies that the compiler made of it, by inlining, cloning or unrolling.
// Ranges are ascending and apart.
struct LineCode {
    std::vector<CodeRange> text; // stays for as long as the kernel runs
    std::vector<CodeRange>
        init; // in memory that the kernel frees after boot: .init.text and others
    // Where a statement of the line begins whose instruction belongs to another line: the compiler
    // merged the two. Executions of that instruction are at least those of the statement; they may
    // be more, where other ways lead to it. Only of lines without `text`.
    std::vector<std::uint64_t> merged;
    bool begins = false;    // a statement of the line begins at one of its rows
    bool discarded = false; // compiled, and dropped by the linker
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
    std::map<std::pair<std::string, unsigned>, LineCode> lines_;
    std::set<std::pair<std::string, unsigned>> declarations_;
    std::set<std::string> units_;
};

// Compares what two ELF files load into memory (PT_LOAD: addresses, sizes, rights, contents) and
// where they begin. The build ID is left out: the linker computes it from all of a file, so debug
// information changes it. Empty if they are equal, else the first difference, for people. An error
// if one of them cannot be read.
Result<std::string> loaded_difference(const std::filesystem::path& a,
                                      const std::filesystem::path& b);

} // namespace rig
