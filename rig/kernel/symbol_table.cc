// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/symbol_table.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <tuple>

namespace rig {
namespace {

// The order in which scripts/kallsyms.c sorts symbols of one address (compare_symbols(); System.map
// itself is in nm's order): weak symbols after others; then names like those that the linker script
// provides after others; then names with more leading underscores after those with fewer; otherwise
// nm's order.
using Rank = std::tuple<bool, bool, std::size_t>;
Rank rank_of(char type, std::string_view name) {
    const bool provided =
        name.size() >= 8 && name.starts_with("__") &&
        (name.starts_with("__start_") || name.starts_with("__stop_") ||
         name.starts_with("__end_") || name.ends_with("_start") || name.ends_with("_end"));
    return {type == 'w' || type == 'W', provided,
            std::min(name.find_first_not_of('_'), name.size())};
}

bool is_text(char type) {
    return type == 't' || type == 'T' || type == 'w' || type == 'W';
}
// An absolute symbol: its value may be anything, and is not an address.
bool is_constant(char type) {
    return type == 'a' || type == 'A';
}

struct Line {
    std::uint64_t address = 0;
    Rank rank;
    std::string_view name; // empty unless it is a text symbol
};

} // namespace

Result<SymbolTable> SymbolTable::parse(std::string_view text, const std::string& file) {
    auto tables = std::make_shared<Tables>();
    std::vector<Line> lines;
    for (unsigned line_number = 1; !text.empty(); ++line_number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.empty()) continue;
        std::uint64_t address = 0;
        const auto [end, error] =
            std::from_chars(line.data(), line.data() + line.size(), address, 16);
        const auto used = static_cast<std::size_t>(end - line.data());
        if (error != std::errc{} || line.size() < used + 4 || line[used] != ' ' ||
            line[used + 2] != ' ')
            return fail(FaultDomain::Host,
                        fmt::format("{}:{}: found '{}', want 'ADDRESS TYPE NAME'", file,
                                    line_number, line.substr(0, 80)));
        auto name = line.substr(used + 3);
        name = name.substr(0, name.find_first_of(" \t"));
        const char type = line[used + 1];
        const std::string_view kept =
            tables->by_name.try_emplace(std::string(name), address).first->first;
        if (is_text(type)) tables->text.emplace(kept, address);
        if (!is_constant(type))
            lines.push_back(
                {address, rank_of(type, name), is_text(type) ? kept : std::string_view()});
    }
    if (tables->by_name.empty())
        return fail(FaultDomain::Host, fmt::format("{}: no symbols in it", file));
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
        return std::tie(a.address, a.rank) < std::tie(b.address, b.rank);
    });
    for (const auto& line : lines) {
        if (tables->symbols.empty() || tables->symbols.back().address != line.address)
            tables->symbols.push_back({line.address, {}});
        if (!line.name.empty()) tables->symbols.back().name = line.name;
    }
    return SymbolTable(std::move(tables));
}

std::vector<SymbolTable::Symbol>::const_iterator
SymbolTable::Tables::after(std::uint64_t address) const {
    return std::upper_bound(
        symbols.begin(), symbols.end(), address,
        [](std::uint64_t wanted, const Symbol& symbol) { return wanted < symbol.address; });
}

std::optional<std::uint64_t> SymbolTable::address(std::string_view name) const {
    const auto found = tables_->by_name.find(std::string(name));
    if (found == tables_->by_name.end()) return std::nullopt;
    return found->second;
}

std::optional<Bounds> SymbolTable::bounds(std::string_view name) const {
    const auto start = address(name);
    if (!start) return std::nullopt;
    const auto next = tables_->after(*start);
    if (next == tables_->symbols.end()) return std::nullopt;
    return Bounds{*start, next->address};
}

std::vector<Bounds> SymbolTable::text_bounds(std::string_view name) const {
    std::vector<Bounds> all;
    const auto [first, last] = tables_->text.equal_range(name);
    for (auto one = first; one != last; ++one)
        if (const auto next = tables_->after(one->second); next != tables_->symbols.end())
            all.push_back({one->second, next->address});
    std::sort(all.begin(), all.end(),
              [](const Bounds& a, const Bounds& b) { return a.start < b.start; });
    return all;
}

std::optional<Place> SymbolTable::place(std::uint64_t address) const {
    const auto next = tables_->after(address);
    // The last symbol has no known end: what follows it need not belong to the kernel.
    if (next == tables_->symbols.begin() || next == tables_->symbols.end()) return std::nullopt;
    const auto& symbol = *std::prev(next);
    if (symbol.name.empty()) return std::nullopt;
    return Place{symbol.name, address - symbol.address};
}

std::vector<KernelFunction> SymbolTable::functions() const {
    std::vector<KernelFunction> out;
    const auto& symbols = tables_->symbols;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) // the last has no known end, as in place()
        if (!symbols[i].name.empty())
            out.push_back({symbols[i].name, symbols[i].address, symbols[i + 1].address});
    return out;
}

} // namespace rig
