// Symbols of a kernel image, from System.map (or `nm -n vmlinux`). Pure.
#pragma once

#include "rig/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rig {

struct Bounds {
    std::uint64_t start = 0, end = 0; // [start, end): end is the next symbol's address
};

class SymbolTable {
 public:
    // Lines "ffffffff81000000 T name"; anything else is Blame::Host naming file:line.
    static Result<SymbolTable> parse(std::string_view text, const std::string& file);

    std::optional<std::uint64_t> address(std::string_view name) const; // the first of that name
    std::optional<Bounds> bounds(std::string_view name) const;

 private:
    std::unordered_map<std::string, std::uint64_t> by_name_; // the first of each name
    std::vector<std::uint64_t> addresses_; // sorted, unique
};

} // namespace rig
