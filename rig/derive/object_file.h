// SPDX-License-Identifier: GPL-2.0-or-later
// Sections, symbols and relocations of a relocatable ELF file, read with libelf.
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct ObjectFile {
    static constexpr std::size_t kNone = 0; // no section of this file

    struct Section {
        std::string name, bytes; // without bytes: .bss
        std::uint64_t size = 0;
        bool loaded = false, code = false;
        bool strings = false; // of zero-terminated strings that the linker merges
    };
    struct Symbol {
        std::string name; // of a section's symbol: the section's
        std::size_t section = kNone;
        std::uint64_t value = 0, size = 0;
        bool function = false, object = false;
    };
    struct Relocation {
        unsigned type = 0;
        std::size_t symbol = 0;
        std::int64_t addend = 0;
        std::size_t width = 4;        // bytes that it fills in, of data
        bool relative_to_end = false; // of the instruction, and not to the field
        bool hint = false;            // for the linker only: it changes nothing
    };

    // FaultDomain::Host, naming the file, if it is not one, or broken.
    static Result<ObjectFile> read(const std::filesystem::path& path);

    std::vector<Section> sections; // by their numbers
    std::vector<Symbol> symbols;   // by their numbers
    std::map<std::size_t, std::multimap<std::uint64_t, Relocation>>
        relocations; // section -> offset

    std::size_t section_named(std::string_view name) const; // the first; kNone: there is none
    // The variable that has this byte, or else that ends there; nullptr: none.
    const Symbol* covering(std::size_t section, std::uint64_t offset) const;
};

} // namespace rig
