// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/override.h"

#include "rig/spec/older_keys.h"
#include "rig/spec/toml_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>

namespace rig {
namespace {

constexpr std::size_t max_depth = 8; // the deepest key of an experiment file has four parts

tl::unexpected<Error> bad(const SpecOverride& one, std::string_view why) {
    return fail(FaultDomain::Spec, fmt::format("--set {}={}: {}", one.key, one.value, why));
}

std::vector<std::string> split(std::string_view key) {
    std::vector<std::string> parts;
    for (;;) {
        const auto dot = key.find('.');
        parts.emplace_back(key.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        key.remove_prefix(dot + 1);
    }
}

bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
    });
}

// Parses the value into a table with it as the only entry. The override is the name of the source.
Result<toml::table> parse_value(const SpecOverride& one) {
    const auto place = fmt::format("--set {}={}", one.key, one.value);
    try {
        auto parsed = toml::parse("value=" + one.value, place);
        // A value such as "1\nother = 2" would add further keys.
        if (parsed.size() == 1) return parsed;
    } catch (const toml::parse_error&) {
        if (is_word(one.value)) return toml::parse(fmt::format("value=\"{}\"", one.value), place);
    }
    return bad(one, "not a TOML value, want e.g. 4, true, \"text\" or [\"a\", \"b\"]");
}

// Arms, groups and the like have a name; a fault has the name of its point.
toml::table* table_named(toml::node& tables, const std::string& name) {
    auto* array = tables.as_array();
    if (!array) return nullptr;
    for (auto& element : *array)
        for (const char* key : {"name", "point"})
            if (auto* table = element.as_table();
                table && (*table)[key].value_or(std::string()) == name)
                return table;
    return nullptr;
}

Status apply(toml::table& root, const SpecOverride& one) {
    auto parts = split(one.key);
    rename_older_parts(parts);
    if (parts.size() > max_depth ||
        std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); }))
        return bad(one,
                   fmt::format("want a dotted key of 1..{} parts such as guest.vcpus", max_depth));
    RIG_TRY(value, parse_value(one));
    toml::table* table = &root;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        auto* next = table->get(parts[i]);
        if (next && next->is_array_of_tables()) {
            table = i + 2 < parts.size() ? table_named(*next, parts[i + 1]) : nullptr;
            if (!table)
                return bad(one,
                           fmt::format("no {} of that name, want {}.NAME.KEY", parts[i], parts[i]));
            ++i;
            continue;
        }
        if (!next) next = &table->insert(parts[i], toml::table{}).first->second;
        table = next->as_table();
        if (!table) return bad(one, fmt::format("{} is no table", parts[i]));
    }
    auto* node = value.get("value");
    // Move the value: a copy would lose its source position.
    const toml::key key(parts.back(), toml::source_region(node->source()));
    table->erase(parts.back());
    node->visit([&](auto& typed) { table->insert_or_assign(key, std::move(typed)); });
    return {};
}

} // namespace

Result<SpecOverride> parse_override(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0)
        return fail(FaultDomain::Spec,
                    fmt::format("--set {}: want KEY=VALUE, e.g. guest.vcpus=8", text));
    const auto trim = [](std::string_view part) {
        while (part.starts_with(' '))
            part.remove_prefix(1);
        while (part.ends_with(' '))
            part.remove_suffix(1);
        return std::string(part);
    };
    return SpecOverride{trim(text.substr(0, equals)), trim(text.substr(equals + 1))};
}

Status apply_overrides(toml::table& root, const std::vector<SpecOverride>& overrides,
                       std::vector<OlderKey>& older) {
    RIG_CHECK(rename_older_keys(root, older));
    for (const auto& one : overrides)
        RIG_CHECK(apply(root, one));
    return rename_older_keys(root, older); // older names in the overrides
}

} // namespace rig
