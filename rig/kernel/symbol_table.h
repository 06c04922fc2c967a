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
    std::uint64_t start = 0, end = 0; // [start, end): end is the next symbol's address
};

// A place in the kernel's text: `offset` bytes into function `name`.
struct Place {
    std::string_view name; // lives as long as any copy of the table
    std::uint64_t offset = 0;
};

// A value that is cheap to copy: copies share what was parsed.
class SymbolTable {
 public:
    // Lines "ffffffff81000000 T name"; anything else is FaultDomain::Host naming file:line.
    static Result<SymbolTable> parse(std::string_view text, const std::string& file);

    std::optional<std::uint64_t> address(std::string_view name) const; // the first of that name
    std::optional<Bounds> bounds(std::string_view name) const;

    // The function an address lies in, under the name that perf takes from the running kernel's
    // /proc/kallsyms: of several at one address the last there. Nothing for an address before the
    // first symbol, in data, or behind the text.
    std::optional<Place> place(std::uint64_t address) const;

 private:
    struct Symbol {
        std::uint64_t address = 0;
        std::string_view
            name; // of by_name; of the last text symbol at this address; empty where there is none
    };
    struct Tables {
        std::unordered_map<std::string, std::uint64_t> by_name; // the first of each name
        std::vector<Symbol>
            symbols; // sorted by address, which is unique; constants are not among them
        std::vector<Symbol>::const_iterator
        after(std::uint64_t address) const; // the first symbol beyond it
    };
    explicit SymbolTable(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}
    std::shared_ptr<const Tables> tables_;
};

} // namespace rig
