// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/plot.h"

#include "rig/base/text.h"
#include "rig/report/figures.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace rig {
namespace {

// The scale is logarithmic if the largest figure divided by the smallest above zero exceeds this.
constexpr double much = 20;

// The position of a figure on an axis of `columns`: 0 for zero, at least 1 for anything above zero.
class Axis {
 public:
    Axis(const std::vector<PlotRow>& rows, std::size_t columns) : columns_(columns) {
        for (const auto& row : rows)
            for (const double value : {row.spread.min, row.spread.median, row.spread.max}) {
                high_ = std::max(high_, value);
                if (value > 0) low_ = low_ > 0 ? std::min(low_, value) : value;
            }
        logarithmic_ = low_ > 0 && high_ / low_ > much;
        if (logarithmic_) low_ = std::pow(10, std::floor(std::log10(low_)));
    }
    bool logarithmic() const { return logarithmic_; }
    double low() const { return low_; }
    std::size_t at(double value) const {
        if (value <= 0 || high_ <= 0) return 0;
        const double share =
            logarithmic_ ? std::log(value / low_) / std::log(high_ / low_) : value / high_;
        return std::max<std::size_t>(
            1, static_cast<std::size_t>(std::lround(share * static_cast<double>(columns_))));
    }

 private:
    std::size_t columns_;
    double low_ = 0, high_ = 0;
    bool logarithmic_ = false;
};

std::string repeated(const char* text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i)
        out += text;
    return out;
}

} // namespace

std::vector<std::string> plot_text(const Plot& plot, std::size_t width) {
    std::size_t x_width = 0, arm_width = 0, figure_width = 0;
    for (const auto& row : plot.rows) {
        x_width = std::max(x_width, display_width(row.x));
        arm_width = std::max(arm_width, display_width(row.arm));
        figure_width = std::max(figure_width, display_width(spread_figure(row.spread, plot.unit)));
    }
    const auto before = x_width + arm_width + figure_width + 6;
    const Axis axis(plot.rows, width > before + 10 ? width - before : 10);
    auto title = fmt::format("{} over {}", plot.label, plot.key);
    if (!plot.rows.empty())
        title += axis.logarithmic()
                     ? fmt::format(" (logarithmic, from {})", figure(axis.low(), plot.unit))
                     : " (from 0)";
    std::vector<std::string> lines = {title};
    std::string last;
    for (const auto& row : plot.rows) {
        const auto bar = axis.at(row.spread.median), top = axis.at(row.spread.max);
        const auto number = spread_figure(row.spread, plot.unit);
        lines.push_back(fmt::format(
            "{}  {}  {}{}  {}{}", padded(row.x == last ? "" : row.x, x_width),
            padded(row.arm, arm_width), std::string(figure_width - display_width(number), ' '),
            number, repeated("█", bar), repeated("·", top - bar)));
        last = row.x;
    }
    return lines;
}

} // namespace rig
