// SPDX-License-Identifier: GPL-2.0-or-later
// These functions lay out text for people: they measure it in columns of a terminal, break it into
// lines and replace the characters that must not reach a terminal. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rig {

// "1.4 GiB", "7.3 MiB".
std::string size_text(std::uint64_t bytes);

// Columns that UTF-8 text takes, one per code point.
std::size_t display_width(std::string_view text);
// Pads with blanks to `width` columns; longer text stays.
std::string padded(std::string text, std::size_t width);
// How wide a text for people is, in columns.
inline constexpr std::size_t page = 100;
// Breaks at blanks so that no line is wider than `width`; further lines are indented. A longer word
// is cut.
std::string wrapped(std::string_view line, std::size_t width, std::size_t indent);
// Without the blanks around it.
std::string trimmed(std::string_view text);
// A part of `text`: without those of `blanks` that stand around it.
std::string_view stripped(std::string_view text, std::string_view blanks = " ");
// Decimal digits alone, as a number that fits; nullopt for anything else.
std::optional<unsigned> whole_number(std::string_view digits);
// Control characters replaced by '?': names come from guests.
std::string printable(std::string_view text);
// The first `most` bytes, with '?' in place of each that is not printable ASCII. Names the guest's
// perf prints end up in JSON and on a terminal.
std::string printable_ascii(std::string_view text, std::size_t most = 200);

} // namespace rig
