// SPDX-License-Identifier: GPL-2.0-or-later
// ELF files, read with libelf of elfutils: where their code is, and whether two of them load the
// same bytes.
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <filesystem>
#include <libelf.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rig {

// Addresses [start, end) that hold instructions.
struct CodeRange {
    std::uint64_t start = 0, end = 0;
    bool operator==(const CodeRange&) const = default;
};

class ElfFile {
 public:
    // An error (the host's fault) if there is no such file, or if it is no ELF file.
    static Result<std::unique_ptr<ElfFile>> open(const std::filesystem::path& file);
    ElfFile() = default;
    ElfFile(const ElfFile&) = delete;
    ElfFile& operator=(const ElfFile&) = delete;
    ~ElfFile();
    Elf* elf() const { return elf_; }

 private:
    int fd_ = -1;
    Elf* elf_ = nullptr;
};

enum class Memory {
    Text,  // stays for as long as the kernel runs
    Init,  // the kernel frees it after boot: .init.text and others
    Never, // nothing is executed at its addresses
};
struct CodeSection {
    CodeRange range;
    Memory memory;
};

// The sections of machine code that are loaded, ascending. Alternatives (.altinstr_replacement) are
// data that looks like code: the kernel copies them over other instructions, and never executes
// them where they are.
std::vector<CodeSection> code_sections(Elf* elf);
// The memory of the section that holds the whole range. nullopt: none does.
std::optional<Memory> memory_of(const std::vector<CodeSection>& sections, CodeRange range);

// Does the file have a section of this name? An error if it cannot be read.
Result<bool> has_section(const std::filesystem::path& file, const char* name);

// Compares what two ELF files load into memory (PT_LOAD: addresses, sizes, rights, contents) and
// where they begin. The build ID is left out: the linker computes it from all of a file, so debug
// information changes it. Empty if they are equal, else the first difference, for people. An error
// if one of them cannot be read.
Result<std::string> loaded_difference(const std::filesystem::path& a,
                                      const std::filesystem::path& b);

} // namespace rig
