// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_map_json.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

constexpr std::size_t kMostAddresses = 1'000'000; // of one line
constexpr std::uint64_t kMostBytes = 1u << 20;    // of one range
constexpr std::size_t kMostObjects = 100'000;     // ten times those of a kernel

Result<std::uint64_t> hexadecimal(const std::string& text) {
    std::uint64_t value = 0;
    const auto* begin = text.data() + 2;
    if (text.starts_with("0x") && text.size() > 2) {
        const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value, 16);
        if (error == std::errc() && end == text.data() + text.size()) return value;
    }
    return fail(FaultDomain::Host,
                fmt::format("address '{}', want one such as 0xffffffff81000000", text));
}

Result<LineAddress> read_address(JsonReader reader) {
    LineAddress out;
    std::string start, end;
    RIG_CHECK(reader.text("start", start));
    RIG_CHECK(reader.text("end", end));
    RIG_CHECK(reader.text("function", out.function));
    RIG_CHECK(reader.whole("offset", out.offset));
    RIG_CHECK(reader.finish());
    RIG_TRY(first, hexadecimal(start));
    RIG_TRY(last, hexadecimal(end));
    if (last < first || last - first > kMostBytes)
        return fail(
            FaultDomain::Host,
            fmt::format("addresses {} to {}: they run backwards or are too far apart", start, end));
    out.start = first;
    out.end = last;
    return out;
}

Result<MappedLine> read_line(JsonReader reader) {
    MappedLine line;
    std::string reason;
    RIG_CHECK(reader.text("file", line.file));
    RIG_CHECK(reader.whole("line", line.line));
    RIG_CHECK(reader.text("text", line.text, 1u << 20));
    RIG_CHECK(reader.whole("hunk", line.hunk));
    RIG_CHECK(reader.boolean("border", line.border));
    RIG_CHECK(reader.text("reason", reason));
    const auto known = reason_of_key(reason);
    if (!known)
        return fail(FaultDomain::Host,
                    fmt::format("{}:{}: reason '{}' is not known", line.file, line.line, reason));
    line.reason = *known;
    RIG_CHECK(reader.text("detail", line.detail));
    RIG_TRY(addresses, reader.objects("addresses", kMostAddresses));
    for (const auto& one : addresses) {
        RIG_TRY(address, read_address(one));
        line.addresses.push_back(std::move(address));
    }
    RIG_CHECK(reader.finish());
    return line;
}

} // namespace

json to_json(const LineMap& map) {
    json lines = json::array();
    for (const auto& line : map.lines) {
        json addresses = json::array();
        for (const auto& at : line.addresses)
            addresses.push_back({{"start", fmt::format("{:#x}", at.start)},
                                 {"end", fmt::format("{:#x}", at.end)},
                                 {"function", at.function},
                                 {"offset", at.offset}});
        lines.push_back({{"file", line.file},
                         {"line", line.line},
                         {"text", line.text},
                         {"hunk", line.hunk},
                         {"border", line.border},
                         {"reason", key_of(line.reason)},
                         {"detail", line.detail},
                         {"addresses", std::move(addresses)}});
    }
    return {{"why_not", map.why_not},
            {"lines", std::move(lines)},
            {"objects", map.objects},
            {"seconds", map.seconds}};
}

Result<LineMap> line_map_from_json(JsonReader reader) {
    LineMap map;
    RIG_CHECK(reader.text("why_not", map.why_not, 1u << 20));
    RIG_CHECK(reader.texts("objects", map.objects, kMostObjects));
    RIG_CHECK(reader.number("seconds", map.seconds));
    RIG_TRY(lines, reader.objects("lines", kMostLines));
    for (const auto& one : lines) {
        RIG_TRY(line, read_line(one));
        map.lines.push_back(std::move(line));
    }
    RIG_CHECK(reader.finish());
    return map;
}

Result<LineMap> line_map_from_json(std::string_view text, const std::string& file) {
    const auto parsed = json::parse(text, nullptr, false);
    RIG_TRY(reader, JsonReader::open(parsed, file));
    return line_map_from_json(reader);
}

} // namespace rig
