// SPDX-License-Identifier: GPL-2.0-or-later
// Lays out text for people: measures it in terminal columns, wraps it, and replaces characters that
// must not reach a terminal. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rig {

// "1.4 GiB", "7.3 MiB".
std::string size_text(std::uint64_t bytes);

// Columns that a UTF-8 text takes on a terminal: one per code point.
std::size_t display_width(std::string_view text);
// Pads with blanks to `width` columns; longer text is returned unchanged.
std::string padded(std::string text, std::size_t width);
// Width of texts for people, in columns.
inline constexpr std::size_t page = 100;
// Wraps at blanks so that no line is wider than `width`. Lines after the first are indented. A word
// that is too long is broken.
std::string wrapped(std::string_view line, std::size_t width, std::size_t indent);
// The text without leading and trailing blanks.
std::string trimmed(std::string_view text);
// The part of `text` that is left when leading and trailing characters of `blanks` are removed.
std::string_view stripped(std::string_view text, std::string_view blanks = " ");
// The number, if `digits` contains only decimal digits and the value fits; else nullopt.
std::optional<unsigned> whole_number(std::string_view digits);
// Replaces control characters by '?': names come from guests.
std::string printable(std::string_view text);
// The first `most` bytes, with '?' for each that is not printable ASCII. Used for names that the
// guest's perf prints, which end up in JSON and on a terminal.
std::string printable_ascii(std::string_view text, std::size_t most = 200);

} // namespace rig
