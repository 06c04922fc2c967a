// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/toml_reader.h"

#include "rig/base/shipped_files.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

namespace rig {
namespace {

namespace fs = std::filesystem;

// Far above any sensible value, and small enough for a message or a log.
constexpr std::size_t max_text = 4096;
constexpr std::size_t max_shown = 60; // bytes of a bad value that a message repeats
// A dotted key nests one table per dot, and toml++ frees tables recursively: 40 000 levels overflow
// the stack. Dots in texts and comments count too; a file with 16 arms of 64 series has some 2000.
constexpr std::ptrdiff_t max_dots = 4000;

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string escaped(char c) {
    return fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
}

// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours,
// the usual typing errors.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            now[j] = std::min(
                {last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = std::min(now[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(now);
    }
    return last[b.size()];
}

std::string describe(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::string:
        return in_quotes(node.as_string()->get());
    case toml::node_type::integer:
        return fmt::format("{}", node.as_integer()->get());
    case toml::node_type::floating_point:
        return fmt::format("{}", node.as_floating_point()->get());
    case toml::node_type::boolean:
        return node.as_boolean()->get() ? "true" : "false";
    case toml::node_type::array:
        return "an array";
    case toml::node_type::table:
        return "a table";
    default:
        return "a date or time";
    }
}

fs::path find_top(const fs::path& file) {
    std::error_code error;
    for (auto folder = fs::absolute(file, error).lexically_normal().parent_path(); !folder.empty();
         folder = folder.parent_path()) {
        if (fs::is_directory(folder / "kernel-patches", error)) return folder;
        if (folder == folder.parent_path()) break;
    }
    return {};
}

} // namespace

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size(); ++i) {
        // Never cut within a UTF-8 sequence: continuation bytes are 10xxxxxx.
        if (i >= max_shown && (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
            return out + "...\"";
        if (is_control(text[i]))
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
        else
            out += text[i];
    }
    return out + "\"";
}

std::string did_you_mean(std::string_view found, const std::vector<std::string>& accepted) {
    if (found.size() > 100) return "";
    const std::string* best = nullptr;
    std::size_t least = std::max<std::size_t>(2, found.size() / 3) + 1;
    for (const auto& candidate : accepted) {
        auto distance = edit_distance(found, candidate);
        // A suggestion that replaces every character is not for a typing error, even if the word is
        // short.
        if (distance < least && distance < candidate.size()) best = &candidate, least = distance;
    }
    return best ? fmt::format(" (did you mean \"{}\"?)", *best) : "";
}

Error spec_error(const std::string& file, const toml::source_position& place,
                 std::string_view message) {
    // Keep the message on one line, whatever toml++ repeats from the text.
    std::string line;
    for (char c : message)
        line += is_control(c) ? escaped(c) : std::string(1, c);
    // toml++ reports 0:0 for things without a position, such as an empty file.
    return {FaultDomain::Spec,
            fmt::format("{}:{}:{}: {}", file, std::max(place.line, 1U), std::max(place.column, 1U),
                        line),
            {}};
}

SpecTable::SpecTable(const toml::table& table, std::string path, std::string file)
    : table_(&table), path_(std::move(path)), file_(std::move(file)) {}

std::string SpecTable::name(std::string_view key) const {
    auto shown = key.size() > max_shown || std::any_of(key.begin(), key.end(), is_control)
                     ? in_quotes(key)
                     : std::string(key);
    return path_.empty() ? shown : path_ + "." + shown;
}

// An override is a source of its own, see override.h.
const std::string& SpecTable::place_of(const toml::source_region& source) const {
    return source.path ? *source.path : file_;
}

Error SpecTable::wrong(std::string_view message) const {
    return spec_error(file_, table_->source().begin, message);
}

Error SpecTable::bad_node(const toml::node& node, const std::string& name,
                          std::string_view want) const {
    return spec_error(place_of(node.source()), node.source().begin,
                      fmt::format("bad {}: {}, want {}", name, describe(node), want));
}

Error SpecTable::bad(std::string_view key, std::string_view want) const {
    return bad_node(*table_->get(key), name(key), want);
}

Error SpecTable::bad_key(std::string_view key, std::string_view want) const {
    const auto& source = table_->find(key)->first.source();
    return spec_error(place_of(source), source.begin,
                      fmt::format("bad key {} in {}, want {}", in_quotes(key), path_, want));
}

std::vector<std::string> SpecTable::keys() const {
    // toml++ sorts keys by name, but the first error should be the first in the file.
    std::vector<std::pair<toml::source_position, std::string>> found;
    for (const auto& [key, node] : *table_)
        found.emplace_back(key.source().begin, std::string(key.str()));
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> out;
    for (auto& [place, key] : found)
        out.push_back(std::move(key));
    return out;
}

Status SpecTable::only(const std::vector<std::string>& accepted) const {
    for (const auto& key : keys())
        if (std::find(accepted.begin(), accepted.end(), key) == accepted.end())
            return tl::unexpected(
                spec_error(place_of(table_->find(key)->first.source()),
                           table_->find(key)->first.source().begin,
                           fmt::format("unknown key {}{}; accepted: {}", name(key),
                                       did_you_mean(key, accepted), fmt::join(accepted, ", "))));
    return {};
}

Status SpecTable::require(std::string_view key, std::string_view want) const {
    if (has(key)) return {};
    return tl::unexpected(wrong(fmt::format("missing {}, want {}", name(key), want)));
}

Status SpecTable::boolean(std::string_view key, bool& out) const {
    const auto* node = table_->get(key);
    if (!node) return {};
    if (!node->is_boolean()) return tl::unexpected(bad(key, "true or false"));
    out = node->as_boolean()->get();
    return {};
}

Status SpecTable::whole(std::string_view key, std::int64_t& out, std::int64_t low,
                        std::int64_t high) const {
    const auto* node = table_->get(key);
    if (!node) return {};
    if (!node->is_integer())
        return tl::unexpected(bad(key, fmt::format("a whole number {}..{}", low, high)));
    auto value = node->as_integer()->get();
    if (value < low || value > high)
        return tl::unexpected(bad(key, fmt::format("{}..{}", low, high)));
    out = value;
    return {};
}

Status SpecTable::number(std::string_view key, double& out, double low, double high,
                         bool above) const {
    const auto* node = table_->get(key);
    if (!node) return {};
    auto range = above ? fmt::format("a number above {} and at most {}", low, high)
                       : fmt::format("a number {}..{}", low, high);
    double value = 0;
    if (node->is_integer())
        value = static_cast<double>(node->as_integer()->get());
    else if (node->is_floating_point())
        value = node->as_floating_point()->get();
    else
        return tl::unexpected(bad(key, range));
    if (!std::isfinite(value) || value < low || (above && value <= low) || value > high)
        return tl::unexpected(bad(key, range));
    out = value;
    return {};
}

Result<std::string> SpecTable::checked(const toml::node& node, const std::string& name,
                                       const Rule& rule) const {
    if (!node.is_string()) return tl::unexpected(bad_node(node, name, "text in quotes"));
    const auto& value = node.as_string()->get();
    if (value.size() > max_text)
        return tl::unexpected(bad_node(node, name, fmt::format("at most {} bytes", max_text)));
    if (std::any_of(value.begin(), value.end(), is_control))
        return tl::unexpected(
            bad_node(node, name, "text without line breaks and control characters"));
    if (auto want = rule(value)) return tl::unexpected(bad_node(node, name, *want));
    return value;
}

Status SpecTable::text(std::string_view key, std::string& out, const Rule& rule) const {
    const auto* node = table_->get(key);
    if (!node) return {};
    RIG_TRY(value, checked(*node, name(key), rule));
    out = std::move(value);
    return {};
}

Status SpecTable::choice(std::string_view key, std::string& out,
                         const std::vector<std::string>& accepted) const {
    return text(key, out, [&](const std::string& value) -> std::optional<std::string> {
        if (std::find(accepted.begin(), accepted.end(), value) != accepted.end())
            return std::nullopt;
        if (accepted.size() == 1)
            return fmt::format("\"{}\"{}", accepted[0], did_you_mean(value, accepted));
        return fmt::format("one of {}{}", fmt::join(accepted, ", "), did_you_mean(value, accepted));
    });
}

Status SpecTable::texts(std::string_view key, std::vector<std::string>& out, std::size_t limit,
                        const Rule& rule) const {
    const auto* node = table_->get(key);
    if (!node) return {};
    const auto* array = node->as_array();
    if (!array) return tl::unexpected(bad(key, "an array of texts: [\"...\"]"));
    if (array->size() > limit)
        return tl::unexpected(
            bad(key, fmt::format("at most {} entries, not {}", limit, array->size())));
    std::vector<std::string> values;
    for (const auto& element : *array) {
        RIG_TRY(value, checked(element, fmt::format("{}[{}]", name(key), values.size()), rule));
        values.push_back(std::move(value));
    }
    out = std::move(values);
    return {};
}

Result<std::optional<SpecTable>> SpecTable::table(std::string_view key,
                                                  std::string_view want) const {
    const auto* node = table_->get(key);
    if (!node) return std::nullopt;
    if (!node->is_table())
        return tl::unexpected(
            bad(key, want.empty() ? fmt::format("a table: [{}]", name(key)) : std::string(want)));
    return SpecTable(*node->as_table(), name(key), file_);
}

Result<std::vector<SpecTable>> SpecTable::tables(std::string_view key, std::size_t limit) const {
    std::vector<SpecTable> out;
    const auto* node = table_->get(key);
    if (!node) return out;
    auto want = fmt::format("1..{} tables: [[{}]]", limit, name(key));
    const auto* array = node->as_array();
    if (!array || array->empty() || array->size() > limit) return tl::unexpected(bad(key, want));
    for (const auto& element : *array) {
        auto label = fmt::format("{}[{}]", name(key), out.size());
        if (!element.is_table()) return tl::unexpected(bad_node(element, label, want));
        out.emplace_back(*element.as_table(), label, file_);
    }
    return out;
}

Result<toml::table> parse_toml(std::string_view text, const fs::path& file) {
    if (text.size() > max_file_bytes)
        return tl::unexpected(
            spec_error(file.string(), {1, 1},
                       fmt::format("{} bytes, want at most {}", text.size(), max_file_bytes)));
    if (auto dots = std::count(text.begin(), text.end(), '.'); dots > max_dots)
        return tl::unexpected(
            spec_error(file.string(), {1, 1},
                       fmt::format("{} dots in the file, want at most {}", dots, max_dots)));
    try {
        return toml::parse(text, file.string());
    } catch (const toml::parse_error& error) {
        return tl::unexpected(spec_error(file.string(), error.source().begin,
                                         fmt::format("not valid TOML: {}", error.description())));
    }
}

Result<fs::path> project_top(const fs::path& file) {
    auto top = find_top(file);
    if (!top.empty()) return top;
    if (const auto shipped = shipped_files(); !shipped)
        return tl::unexpected(
            spec_error(file.string(), {1, 1},
                       fmt::format("no parent folder of this file holds `kernel-patches/`, and {}",
                                   shipped.error().message)));
    std::error_code error;
    return fs::absolute(file, error).lexically_normal().parent_path();
}

} // namespace rig
