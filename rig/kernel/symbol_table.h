// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols of a kernel image, from System.map (or `nm -n vmlinux`). Pure.
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rig {

struct Bounds {
    std::uint64_t start = 0, end = 0; // [start, end); end is the address of the next symbol
};

// A place in the kernel's text: `offset` bytes into function `name`.
struct Place {
    std::string_view name; // valid as long as any copy of the table
    std::uint64_t offset = 0;
};

// A function of the kernel's text.
struct KernelFunction {
    std::string_view name;            // as in Place
    std::uint64_t start = 0, end = 0; // [start, end), as in Bounds
};

// A table that is cheap to copy: copies share the parsed data.
class SymbolTable {
 public:
    // Parses lines of the form "ffffffff81000000 T name". Any other line is FaultDomain::Host,
    // naming file:line.
    static Result<SymbolTable> parse(std::string_view text, const std::string& file);

    // The address of the first symbol with this name.
    std::optional<std::uint64_t> address(std::string_view name) const;
    std::optional<Bounds> bounds(std::string_view name) const;
    // Of every text symbol with this name, ascending: several files may have a static function of
    // one name. Without those whose end is not known.
    std::vector<Bounds> text_bounds(std::string_view name) const;

    // The function that contains an address, under the name that perf takes from the running
    // kernel's /proc/kallsyms: the last of several symbols at one address. nullopt for an address
    // before the first symbol, in data, or after the end of the text.
    std::optional<Place> place(std::uint64_t address) const;

    // All functions of the text, ascending, one per address. Several may have one name (static
    // functions of different files).
    std::vector<KernelFunction> functions() const;

 private:
    struct Symbol {
        std::uint64_t address = 0;
        // A view of a key of by_name: the last text symbol at this address. Empty if there is none.
        std::string_view name;
    };
    struct Tables {
        std::unordered_map<std::string, std::uint64_t> by_name;        // the first of each name
        std::unordered_multimap<std::string_view, std::uint64_t> text; // all; views of keys
        std::vector<Symbol> symbols; // sorted by address, one per address; without constants
        // The first symbol after it.
        std::vector<Symbol>::const_iterator after(std::uint64_t address) const;
    };
    explicit SymbolTable(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}
    std::shared_ptr<const Tables> tables_;
};

} // namespace rig
