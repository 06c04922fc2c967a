// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/json_reader.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>

namespace rig {
namespace {

using nlohmann::json;

// The longest kernel symbol has 512 characters; those seen in samples have fewer than 64.
constexpr std::size_t max_key_bytes = 256;
constexpr std::size_t shown_bytes = 40; // of a wrong value, in an error message

std::string shown(const json& value) {
    if (value.is_object()) return fmt::format("an object of {} keys", value.size());
    if (value.is_array()) return fmt::format("an array of {} values", value.size());
    auto text = value.dump(-1, ' ', true, json::error_handler_t::replace);
    return text.size() <= shown_bytes ? text : text.substr(0, shown_bytes) + "...";
}

tl::unexpected<Error> wrong(const std::string& name, const json& found, std::string_view want) {
    return fail(FaultDomain::Host, fmt::format("{}: {}, want {}", name, shown(found), want));
}

bool is_printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// Parsed JSON is unsigned where possible; values that a program built may be signed.
bool is_whole(const json& value) {
    return value.is_number_unsigned() ||
           (value.is_number_integer() && value.get<std::int64_t>() >= 0);
}

Status read_whole(const json& value, const std::string& name, std::uint64_t& out,
                  std::uint64_t most = UINT64_MAX) {
    if (!is_whole(value) || value.get<std::uint64_t>() > most)
        return wrong(name, value,
                     most == UINT64_MAX ? "a whole number >= 0"
                                        : fmt::format("a whole number from 0 to {}", most));
    out = value.get<std::uint64_t>();
    return {};
}

Status read_number(const json& value, const std::string& name, double& out) {
    if (!value.is_number() || !std::isfinite(value.get<double>()))
        return wrong(name, value, "a number");
    out = value.get<double>();
    return {};
}

Status read_wholes(const json& value, const std::string& name, std::vector<std::uint64_t>& out,
                   std::size_t limit) {
    if (!value.is_array() || value.size() > limit)
        return wrong(name, value, fmt::format("an array of at most {} whole numbers", limit));
    out.resize(value.size());
    for (std::size_t i = 0; i < out.size(); ++i)
        // Build the element's name only for the message: millions of elements are read.
        if (!is_whole(value[i]))
            return wrong(fmt::format("{}[{}]", name, i), value[i], "a whole number >= 0");
        else
            out[i] = value[i].get<std::uint64_t>();
    return {};
}

} // namespace

Result<JsonReader> JsonReader::open(const json& value, std::string path) {
    if (!value.is_object()) return wrong(path, value, "an object");
    return JsonReader(value, std::move(path));
}

std::string JsonReader::name(std::string_view key) const {
    return fmt::format("{}.{}", path_, key);
}

Result<const json*> JsonReader::find(std::string_view key) {
    asked_.emplace(key);
    auto found = json_->find(key);
    if (found == json_->end())
        return fail(FaultDomain::Host, fmt::format("{}: missing", name(key)));
    return &*found;
}

Result<JsonReader> JsonReader::object(std::string_view key) {
    RIG_TRY(value, find(key));
    return open(*value, name(key));
}

Result<std::vector<JsonReader>> JsonReader::objects(std::string_view key, std::size_t limit) {
    RIG_TRY(value, find(key));
    if (!value->is_array() || value->size() > limit)
        return wrong(name(key), *value, fmt::format("an array of at most {} objects", limit));
    std::vector<JsonReader> out;
    for (std::size_t i = 0; i < value->size(); ++i) {
        RIG_TRY(reader, open((*value)[i], fmt::format("{}[{}]", name(key), i)));
        out.push_back(std::move(reader));
    }
    return out;
}

Status JsonReader::text(std::string_view key, std::string& out, std::size_t limit) {
    RIG_TRY(value, find(key));
    if (!value->is_string() || value->get_ref<const std::string&>().size() > limit)
        return wrong(name(key), *value, fmt::format("a text of at most {} bytes", limit));
    out = value->get<std::string>();
    return {};
}

Status JsonReader::one_of(std::string_view key, std::string& out,
                          const std::vector<std::string>& accepted) {
    RIG_TRY(value, find(key));
    if (!value->is_string() ||
        std::find(accepted.begin(), accepted.end(), value->get<std::string>()) == accepted.end())
        return wrong(name(key), *value,
                     fmt::format("one of \"{}\"", fmt::join(accepted, "\", \"")));
    out = value->get<std::string>();
    return {};
}

Status JsonReader::boolean(std::string_view key, bool& out) {
    RIG_TRY(value, find(key));
    if (!value->is_boolean()) return wrong(name(key), *value, "true or false");
    out = value->get<bool>();
    return {};
}

Status JsonReader::whole(std::string_view key, std::uint64_t& out, std::uint64_t most) {
    RIG_TRY(value, find(key));
    return read_whole(*value, name(key), out, most);
}

Status JsonReader::whole(std::string_view key, unsigned& out) {
    std::uint64_t wide = 0;
    RIG_CHECK(whole(key, wide, std::numeric_limits<unsigned>::max()));
    out = static_cast<unsigned>(wide);
    return {};
}

Status JsonReader::texts(std::string_view key, std::vector<std::string>& out, std::size_t limit) {
    RIG_TRY(value, find(key));
    if (!value->is_array() || value->size() > limit)
        return wrong(name(key), *value, fmt::format("an array of at most {} texts", limit));
    out.clear();
    for (const auto& item : *value) {
        if (!item.is_string())
            return wrong(fmt::format("{}[{}]", name(key), out.size()), item, "a text");
        out.push_back(item.get<std::string>());
    }
    return {};
}

Status JsonReader::wholes(std::string_view key, std::vector<std::uint64_t>& out,
                          std::size_t limit) {
    RIG_TRY(value, find(key));
    return read_wholes(*value, name(key), out, limit);
}

Status JsonReader::number(std::string_view key, double& out) {
    RIG_TRY(value, find(key));
    return read_number(*value, name(key), out);
}

Status JsonReader::numbers(std::string_view key, std::vector<double>& out, std::size_t limit) {
    RIG_TRY(value, find(key));
    if (!value->is_array() || value->size() > limit)
        return wrong(name(key), *value, fmt::format("an array of at most {} numbers", limit));
    out.clear();
    for (const auto& item : *value) {
        const auto element = fmt::format("{}[{}]", name(key), out.size());
        RIG_CHECK(read_number(item, element, out.emplace_back()));
    }
    return {};
}

template<class T, class Read>
Status JsonReader::map_of(std::string_view key, std::map<std::string, T>& out, std::size_t limit,
                          Read read) {
    RIG_TRY(value, find(key));
    if (!value->is_object() || value->size() > limit)
        return wrong(name(key), *value, fmt::format("an object of at most {} keys", limit));
    out.clear();
    for (const auto& [entry, item] : value->items()) {
        if (entry.empty() || entry.size() > max_key_bytes || !is_printable(entry))
            return wrong(
                name(key), json(entry),
                fmt::format("keys of 1 to {} bytes without control characters", max_key_bytes));
        RIG_CHECK(read(item, fmt::format("{}.{}", name(key), entry), out[entry]));
    }
    return {};
}

Status JsonReader::map(std::string_view key, std::map<std::string, std::uint64_t>& out,
                       std::size_t limit) {
    return map_of(key, out, limit,
                  [](const json& item, const std::string& name, std::uint64_t& to) {
                      return read_whole(item, name, to);
                  });
}

Status JsonReader::map(std::string_view key, std::map<std::string, double>& out,
                       std::size_t limit) {
    return map_of(key, out, limit, [](const json& item, const std::string& name, double& to) {
        return read_number(item, name, to);
    });
}

Status JsonReader::map(std::string_view key, std::map<std::string, std::string>& out,
                       std::size_t limit) {
    return map_of(key, out, limit,
                  [](const json& item, const std::string& name, std::string& to) -> Status {
                      if (!item.is_string()) return wrong(name, item, "a text");
                      to = item.get<std::string>();
                      return {};
                  });
}

Status JsonReader::map(std::string_view key, std::map<std::string, std::vector<std::uint64_t>>& out,
                       std::size_t limit, std::size_t vector_limit) {
    return map_of(key, out, limit,
                  [&](const json& item, const std::string& name, std::vector<std::uint64_t>& to) {
                      return read_wholes(item, name, to, vector_limit);
                  });
}

Status JsonReader::finish() const {
    for (const auto& [key, value] : json_->items())
        if (!asked_.contains(key))
            return fail(FaultDomain::Host, fmt::format("{}: unknown key, want only {}", name(key),
                                                       fmt::join(asked_, ", ")));
    return {};
}

} // namespace rig
