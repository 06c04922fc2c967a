// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace rig {

std::string size_text(std::uint64_t bytes) {
    return bytes >= (1ull << 30)
               ? fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1ull << 30))
               : fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1ull << 20));
}

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
    auto now = display_width(text);
    if (now < width) text.append(width - now, ' ');
    return text;
}

std::string wrapped(std::string_view line, std::size_t width, std::size_t indent) {
    std::string out;
    for (std::size_t room = width; display_width(line) > room; room = width - indent) {
        // Break at the last blank that fits into the line and leaves some text on it. If there is
        // none, break the word.
        auto first = std::min(line.find_first_not_of(' '), line.size());
        std::size_t columns = 0, end = 0, blank = 0;
        for (end = 0; end < line.size(); ++end) {
            bool starts = (static_cast<unsigned char>(line[end]) & 0xC0) != 0x80;
            if (line[end] == ' ' && end > first) blank = end;
            if (starts && columns == room) break;
            columns += starts;
        }
        if (blank) end = blank;
        out += line.substr(0, end);
        out += '\n';
        out.append(indent, ' ');
        line.remove_prefix(std::min(line.find_first_not_of(' ', end), line.size()));
    }
    out += line;
    return out;
}

std::string trimmed(std::string_view text) {
    return std::string(stripped(text));
}

std::string printable(std::string_view text) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        auto c = static_cast<unsigned char>(out[i]);
        // C1 controls are U+0080..U+009F: 0xC2 0x80..0x9F.
        bool c1 = c == 0xC2 && i + 1 < out.size() &&
                  static_cast<unsigned char>(out[i + 1]) >= 0x80 &&
                  static_cast<unsigned char>(out[i + 1]) < 0xA0;
        if (c1) out[i + 1] = '?';
        if (c < 0x20 || c == 0x7F || c1) out[i] = '?';
    }
    return out;
}

std::string printable_ascii(std::string_view text, std::size_t most) {
    std::string out(text.substr(0, most));
    for (char& c : out)
        if (c < 0x20 || c > 0x7e) c = '?';
    return out;
}

std::string_view stripped(std::string_view text, std::string_view blanks) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<unsigned> whole_number(std::string_view digits) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || digits.empty())
        return std::nullopt;
    return value;
}

} // namespace rig
