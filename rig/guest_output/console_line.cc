// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/console_line.h"

#include <charconv>

namespace rig {
namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}

// The length of "[   12.345678]" at the beginning of `text`; 0 if there is none, or if it has fewer
// than `decimals` decimals.
std::size_t stamp_length(std::string_view text, std::size_t decimals, double& seconds) {
    if (!text.starts_with('[')) return 0;
    auto at = text.find_first_not_of(' ', 1);
    if (at == text.npos) return 0;
    const auto first = at;
    while (at < text.size() && digit(text[at]))
        ++at;
    const auto point = at;
    if (point == first || point - first > 10 || at == text.size() || text[at++] != '.') return 0;
    while (at < text.size() && digit(text[at]))
        ++at;
    if (at - point - 1 < decimals || at - point > 10 || at == text.size() || text[at] != ']')
        return 0;
    std::from_chars(text.data() + first, text.data() + at, seconds);
    return at + 1;
}

// The length of "[   T44]" or "[    C1]" at the beginning of `text`, 0 if there is none.
std::size_t caller_length(std::string_view text, std::string& caller) {
    if (!text.starts_with('[')) return 0;
    const auto first = text.find_first_not_of(' ', 1);
    if (first == text.npos || (text[first] != 'T' && text[first] != 'C')) return 0;
    auto at = first + 1;
    while (at < text.size() && digit(text[at]))
        ++at;
    if (at == first + 1 || at - first > 11 || at == text.size() || text[at] != ']') return 0;
    caller = text.substr(first, at - first);
    return at + 1;
}

} // namespace

ConsoleLine parse_console_line(std::string shown) {
    ConsoleLine line;
    line.shown = std::move(shown);
    std::string_view text = line.shown;
    double seconds = 0;
    // printk always writes six decimals. At the beginning of a line fewer are unambiguous too.
    auto length = stamp_length(text, 1, seconds);
    if (length == 0)
        for (auto at = text.find('['); at != text.npos; at = text.find('[', at + 1))
            if ((length = stamp_length(text.substr(at), 6, seconds)) > 0) {
                text.remove_prefix(at);
                break;
            }
    if (length > 0) {
        line.seconds = seconds;
        text.remove_prefix(length);
        text.remove_prefix(caller_length(text, line.caller));
        if (text.starts_with(' ')) text.remove_prefix(1);
    }
    line.text = text;
    return line;
}

bool ConsoleLines::add(char c) {
    if (c == '\n') return true;
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0x1b) {
        escape_ = Escape::Begun;
        return false;
    }
    switch (escape_) {
    case Escape::Begun:
        escape_ = c == '[' ? Escape::Sequence : c == ']' ? Escape::Text : Escape::None;
        return false;
    case Escape::Sequence:
        if (byte >= 0x40 && byte <= 0x7e) escape_ = Escape::None;
        return false;
    case Escape::Text:
        if (byte == 0x07) escape_ = Escape::None;
        return false;
    case Escape::None:
        break;
    }
    if (line_.size() >= kMaxConsoleLine) return false;
    if (c == '\t')
        line_ += ' ';
    else if (byte >= 0x20 && byte < 0x7f)
        line_ += c;
    return false;
}

std::string ConsoleLines::end() {
    escape_ = Escape::None;
    std::string line;
    line.swap(line_);
    return line;
}

} // namespace rig
