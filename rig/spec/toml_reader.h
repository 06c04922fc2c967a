// SPDX-License-Identifier: GPL-2.0-or-later
// A checked view of TOML tables, without knowledge of experiments. Every failure is one Error with
// FaultDomain::Spec and the message "FILE:LINE:COLUMN: what was found, what is wanted". Readers
// leave `out` unchanged if the key is absent, so that a struct's initialisers are the defaults.
#pragma once

#include "rig/base/error.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// toml++ 3.3 asserts on malformed input such as "[!". It is header-only and built without NDEBUG,
// so it would abort instead of reporting an error. The branches behind its assertions report errors
// properly. Include toml++ only through this header.
#ifndef TOML_ASSERT
#define TOML_ASSERT(expr) static_assert(true)
#endif
#include <toml++/toml.h>

namespace rig {

// Returns what is wanted instead of `value`; nullopt if the value is accepted.
using Rule = std::function<std::optional<std::string>(const std::string& value)>;

class SpecTable {
 public:
    // `path` is the table's dotted name for messages, empty for the file itself. The table must
    // outlive the view.
    SpecTable(const toml::table& table, std::string path, std::string file);

    // Fails for the first key (in file order) that is not one of `accepted`, and suggests the
    // nearest.
    Status only(const std::vector<std::string>& accepted) const;
    // Fails, with the place of this table, if `key` is absent; `want` completes "missing KEY, want
    // ...".
    Status require(std::string_view key, std::string_view want) const;
    bool has(std::string_view key) const { return table_->contains(key); }

    Status boolean(std::string_view key, bool& out) const;
    template<std::integral T>
    Status integer(std::string_view key, T& out, std::int64_t low, std::int64_t high) const {
        auto value = static_cast<std::int64_t>(out);
        RIG_CHECK(whole(key, value, low, high));
        out = static_cast<T>(value);
        return {};
    }
    // A finite number; TOML integers are accepted too. `above` excludes `low` itself.
    Status number(std::string_view key, double& out, double low, double high,
                  bool above = false) const;
    // A text of at most 4096 bytes, without control characters, that passes `rule`.
    Status text(std::string_view key, std::string& out, const Rule& rule) const;
    Status choice(std::string_view key, std::string& out,
                  const std::vector<std::string>& accepted) const;
    // An array of 0..limit texts, each with the same conditions as for text().
    Status texts(std::string_view key, std::vector<std::string>& out, std::size_t limit,
                 const Rule& rule) const;

    // The table under `key`; nullopt if absent. `want` completes "bad KEY: ..., want ..." if it is
    // not a table.
    Result<std::optional<SpecTable>> table(std::string_view key, std::string_view want = "") const;
    // The 1..limit tables of [[key]]; empty if absent.
    Result<std::vector<SpecTable>> tables(std::string_view key, std::size_t limit) const;
    // The keys in file order.
    std::vector<std::string> keys() const;
    const toml::node* find(std::string_view key) const { return table_->get(key); }

    // Errors about a value, about a key and about the table itself. For the first two `key` must
    // exist.
    Error bad(std::string_view key, std::string_view want) const;
    Error bad_key(std::string_view key, std::string_view want) const;
    Error wrong(std::string_view message) const;

    const std::string& path() const { return path_; }
    // The key's dotted name: "guest.vcpus".
    std::string name(std::string_view key) const;

 private:
    Status whole(std::string_view key, std::int64_t& out, std::int64_t low,
                 std::int64_t high) const;
    Result<std::string> checked(const toml::node& node, const std::string& name,
                                const Rule& rule) const;
    const std::string& place_of(const toml::source_region& source) const;
    Error bad_node(const toml::node& node, const std::string& name, std::string_view want) const;

    const toml::table* table_;
    std::string path_, file_;
};

// The text in double quotes, with control characters escaped, truncated after about 60 bytes.
std::string in_quotes(std::string_view text);
// " (did you mean "vcpus"?)" with the nearest of `accepted`, if it is near enough to be a typing
// error; else "".
std::string did_you_mean(std::string_view found, const std::vector<std::string>& accepted);

// Largest accepted file: several times what an experiment has needed.
inline constexpr std::uintmax_t max_file_bytes = 256 * 1024;
// Parses the text as TOML, with limits on size and nesting. `file` is its name for messages.
Result<toml::table> parse_toml(std::string_view text, const std::filesystem::path& file);
// The folder to which the paths in `file` are relative: its nearest parent that contains
// `kernel-patches/`, else the folder of the file. or_shipped() finds rig's own files from either.
Result<std::filesystem::path> project_top(const std::filesystem::path& file);

Error spec_error(const std::string& file, const toml::source_position& place,
                 std::string_view message);

} // namespace rig
