// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/figures.h"

#include <cmath>
#include <fmt/format.h>

namespace rig {
namespace {

// Three significant digits, without an exponent below a million.
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
    if (unit == Unit::PerSecond)
        return (std::abs(value) >= 1000 ? fmt::format("{:.0f}", value) : significant(value)) + "/s";
    if (unit == Unit::Count)
        return value == std::floor(value) ? fmt::format("{:.0f}", value)
                                          : fmt::format("{:.1f}", value);
    struct Scale {
        double factor;
        const char* name;
    };
    // 999.6 ns is "1.00 µs", not "1000 ns".
    for (auto [factor, name] : {Scale{1, "ns"}, Scale{1e3, "µs"}, Scale{1e6, "ms"}})
        if (std::abs(value) / factor < 999.5)
            return factor == 1 && value == std::floor(value)
                       ? fmt::format("{:.0f} ns", value)
                       : significant(value / factor) + " " + name;
    return significant(value / 1e9) + " s";
}

std::string spread_figure(const Spread& spread, Unit unit) {
    if (unit != Unit::Count || spread.min == spread.max) return figure(spread.median, unit);
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
    // From zero there is no ratio, but the difference is still informative.
    bool from_zero =
        std::isinf(ratio.value) || (ratio.interval && std::isinf(ratio.interval->high));
    const auto& shown = from_zero ? difference : ratio;
    auto text = [&](double value) {
        return from_zero ? signed_figure(value, unit) : factor(value);
    };
    if (!shown.interval)
        return fmt::format("{} (no interval at n = {})", text(shown.value), shown.n);
    return fmt::format("{} [{}, {}]", text(shown.value), text(shown.interval->low),
                       text(shown.interval->high));
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
    if (arm.verdict != Verdict::NotJudged)
        return fmt::format("{} {}", mark(arm.verdict), words(arm.verdict));
    if (!arm.change) return "";
    switch (arm.change->direction) {
    case Direction::Rose:
        return "rose (undeclared)";
    case Direction::Fell:
        return "fell (undeclared)";
    case Direction::Same:
        return "same (undeclared)";
    case Direction::Unclear:
        return "unclear (undeclared)";
    }
    return "";
}

} // namespace rig
