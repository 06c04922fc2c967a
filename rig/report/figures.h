// Numbers as people read them, and the width of text on a terminal. Shared by the reports for people. Pure.
#pragma once

#include "rig/analysis/comparison.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace rig {

// "240", "43.1 µs", "32.0 ms": three significant digits for times, whole counts in full.
std::string figure(double value, Unit unit);
// Counts that vary over boots as "236..244"; times as the median over boots.
std::string spread_figure(const Spread& spread, Unit unit);
// A ratio: "+4.9 %", "−100 %", "×743", "÷350". Never rounded to no change or to −100 %. Infinity: "from 0".
std::string factor(double ratio);
// "×743 [×701, ×799]", or "+12 [+10, +14]" where the baseline is zero; "(no interval at n = 4)" where there is none.
std::string change_figure(const Change& change, Unit unit);
// "✔ as declared", "✘ broken", "? undecided"; for what is not judged "rose (not judged)".
std::string verdict_figure(const ArmMetric& arm);
// "1.4 GiB", "7.3 MiB".
std::string size_text(std::uint64_t bytes);
const char* mark(Verdict verdict); // "✔", "✘", "?" or ""

// Columns that UTF-8 text takes, one per code point.
std::size_t display_width(std::string_view text);
// Pads with blanks to `width` columns; longer text stays.
std::string padded(std::string text, std::size_t width);
// How wide a text for people is, in columns.
inline constexpr std::size_t page = 100;
// Breaks at blanks so that no line is wider than `width`; further lines are indented. A longer word is cut.
std::string wrapped(std::string_view line, std::size_t width, std::size_t indent);
// Without the blanks around it.
std::string trimmed(std::string_view text);
// Control characters replaced by '?': names come from guests.
std::string printable(std::string_view text);

} // namespace rig
