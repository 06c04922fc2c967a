#include "rig/report/figures.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace rig {
namespace {

// Three significant digits, never in exponent form below a million.
std::string significant(double value) {
    auto size = std::abs(value);
    return fmt::format("{:.{}f}", value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

std::string with_sign(std::string text) {
    if (text.starts_with('-')) return "−" + text.substr(1);
    return "+" + text;
}

std::string signed_figure(double value, Unit unit) {
    auto text = figure(std::abs(value), unit);
    return value == 0 ? text : (value < 0 ? "−" : "+") + text;
}

} // namespace

std::string figure(double value, Unit unit) {
    if (std::isinf(value)) return value > 0 ? "infinite" : "−infinite";
    if (unit == Unit::Count) return value == std::floor(value) ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
    struct Scale {
        double factor;
        const char* name;
    };
    // 999.6 ns is "1.00 µs", not "1000 ns".
    for (auto [factor, name] : {Scale{1, "ns"}, Scale{1e3, "µs"}, Scale{1e6, "ms"}})
        if (std::abs(value) / factor < 999.5)
            return factor == 1 && value == std::floor(value) ? fmt::format("{:.0f} ns", value) : significant(value / factor) + " " + name;
    return significant(value / 1e9) + " s";
}

std::string spread_figure(const Spread& spread, Unit unit) {
    if (unit == Unit::Nanoseconds || spread.min == spread.max) return figure(spread.median, unit);
    return figure(spread.min, unit) + ".." + figure(spread.max, unit);
}

std::string factor(double ratio) {
    if (std::isinf(ratio)) return "from 0";
    if (ratio == 1) return "±0 %";
    if (ratio == 0) return "−100 %";
    if (ratio >= 2) return "×" + significant(ratio);
    if (ratio < 0.01) return "÷" + significant(1 / ratio);
    auto percent = 100 * (ratio - 1);
    auto size = std::abs(percent);
    auto digits = size >= 9.95 ? 0 : size >= 0.995 ? 1 : 2;
    if (size < 0.005) return ratio > 1 ? "<+0.01 %" : ">−0.01 %";
    return with_sign(fmt::format("{:.{}f}", percent, digits)) + " %";
}

std::string change_figure(const Change& change, Unit unit) {
    const auto& ratio = change.ratio;
    const auto& difference = change.difference;
    // From zero there is no ratio; the difference still says something.
    bool from_zero = std::isinf(ratio.value) || (ratio.interval && std::isinf(ratio.interval->high));
    const auto& shown = from_zero ? difference : ratio;
    auto text = [&](double value) { return from_zero ? signed_figure(value, unit) : factor(value); };
    if (!shown.interval) return fmt::format("{} (no interval at n = {})", text(shown.value), shown.n);
    return fmt::format("{} [{}, {}]", text(shown.value), text(shown.interval->low), text(shown.interval->high));
}

std::string size_text(std::uint64_t bytes) {
    return bytes >= (1ull << 30) ? fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1ull << 30)) : fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1ull << 20));
}

const char* mark(Verdict verdict) {
    switch (verdict) {
    case Verdict::AsDeclared:
    case Verdict::Improved:
    case Verdict::WithinBound:
    case Verdict::Unchanged:
        return "✔";
    case Verdict::Regressed:
    case Verdict::Broken:
        return "✘";
    case Verdict::Undecided:
    case Verdict::Inconclusive:
        return "?";
    case Verdict::NotJudged:
        return "";
    }
    return "";
}

std::string verdict_figure(const ArmMetric& arm) {
    if (arm.verdict != Verdict::NotJudged) return fmt::format("{} {}", mark(arm.verdict), words(arm.verdict));
    if (!arm.change) return "";
    switch (arm.change->direction) {
    case Direction::Rose:
        return "rose (not judged)";
    case Direction::Fell:
        return "fell (not judged)";
    case Direction::Same:
        return "same (not judged)";
    case Direction::Unclear:
        return "unclear (not judged)";
    }
    return "";
}

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
    auto now = display_width(text);
    if (now < width) text.append(width - now, ' ');
    return text;
}

std::string wrapped(std::string_view line, std::size_t width, std::size_t indent) {
    std::string out;
    for (std::size_t room = width; display_width(line) > room; room = width - indent) {
        // The last blank that leaves something on this line and keeps it within the room; else the word is cut.
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
    const auto first = text.find_first_not_of(' ');
    return first == std::string_view::npos ? "" : std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::string printable(std::string_view text) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        auto c = static_cast<unsigned char>(out[i]);
        // C1 controls are U+0080..U+009F: 0xC2 0x80..0x9F.
        bool c1 = c == 0xC2 && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) >= 0x80 && static_cast<unsigned char>(out[i + 1]) < 0xA0;
        if (c1) out[i + 1] = '?';
        if (c < 0x20 || c == 0x7F || c1) out[i] = '?';
    }
    return out;
}

} // namespace rig
