#include "rig/symbol_table.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace rig {

Result<SymbolTable> SymbolTable::parse(std::string_view text, const std::string& file) {
    SymbolTable table;
    for (unsigned line_number = 1; !text.empty(); ++line_number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.empty()) continue;
        std::uint64_t address = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
        const auto used = static_cast<std::size_t>(end - line.data());
        if (error != std::errc{} || line.size() < used + 4 || line[used] != ' ' || line[used + 2] != ' ')
            return fail(Blame::Host, fmt::format("{}:{}: found '{}', want 'ADDRESS TYPE NAME'", file, line_number, line.substr(0, 80)));
        auto name = line.substr(used + 3);
        name = name.substr(0, name.find_first_of(" \t"));
        table.by_name_.try_emplace(std::string(name), address);
        table.addresses_.push_back(address);
    }
    if (table.addresses_.empty()) return fail(Blame::Host, fmt::format("{}: no symbols in it", file));
    std::sort(table.addresses_.begin(), table.addresses_.end());
    table.addresses_.erase(std::unique(table.addresses_.begin(), table.addresses_.end()), table.addresses_.end());
    return table;
}

std::optional<std::uint64_t> SymbolTable::address(std::string_view name) const {
    const auto found = by_name_.find(std::string(name));
    if (found == by_name_.end()) return std::nullopt;
    return found->second;
}

std::optional<Bounds> SymbolTable::bounds(std::string_view name) const {
    const auto start = address(name);
    if (!start) return std::nullopt;
    const auto next = std::upper_bound(addresses_.begin(), addresses_.end(), *start);
    if (next == addresses_.end()) return std::nullopt;
    return Bounds{*start, *next};
}

} // namespace rig
