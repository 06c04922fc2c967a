// SPDX-License-Identifier: GPL-2.0-or-later
// Samples and a comparison -> the charts of a page as plain data: what is drawn, what it says in
// words, and the table behind it. Pure. web/src/options.js draws them and knows nothing of runs.
#pragma once

#include "rig/report/plot.h"
#include "rig/report/report.h"

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

struct ChartAxis {
    std::string name; // with its unit; says so if it is logarithmic
    std::string unit; // how its numbers are written: "count", "ns", "share" (0..1) or ""
    bool log = false; // base 10; every number on it is > 0. Else it begins at zero
    std::vector<std::string> categories; // not empty: points give an index into them
};
struct ChartSeries {
    std::string name;
    std::size_t style =
        0; // which colour, dash and symbol or pattern: that of the arm, or of the function
    std::vector<std::vector<double>> points; // {x, y}; of heat maps {x, y, value}
    bool faint = false; // a bound beside the series of the same style; not in the legend
};
enum class ChartKind {
    Bars,  // x is a length from zero, y a category; series are stacked
    Steps, // y jumps at x
    Boots, // one point a boot
    Curve,
    Heat, // x and y are categories
};
struct Chart {
    ChartKind kind = ChartKind::Bars;
    std::string title;
    std::string note;        // how to read it
    std::string description; // its content in words, for those who do not see it
    ChartAxis x, y;
    std::string unit; // of a heat map's values
    std::vector<ChartSeries> series;
    std::vector<std::string>
        head; // of the table: every figure that matters, and what the reports say, in words
    std::vector<std::vector<std::string>> rows;
};

inline constexpr std::size_t ecdf_points = 400; // of one arm and metric

// The empirical distribution function of `values` as the points at which it jumps, in order, from
// {smallest, 0} to {largest, 1}: all of them where they are at most `most`, else those of evenly
// spaced ranks, smallest and largest among them: between two of these what is drawn is too low by
// less than 1 / (most - 1). No values: no points.
std::vector<std::vector<double>> ecdf(std::vector<double> values, std::size_t most = ecdf_points);

// IPIs by the function they call, medians over boots, one bar for each arm. No series where no arm
// has a boot.
Chart ipi_chart(const ReportInput& input);
// For each latency that was measured: its distribution over all boots, and its figure in each boot.
std::vector<Chart> latency_charts(const ReportInput& input, const std::vector<Sample>& samples);
// For each of rig's counts and the experiment's own that a sample holds by CPU: the median over
// boots on each CPU.
std::vector<Chart> cpu_charts(const ReportInput& input, const std::vector<Sample>& samples);
// One for each sweep that has rows: median, lowest and highest of each arm.
std::vector<Chart> curve_charts(const std::vector<Plot>& sweeps);

// {"kind", "title", "x": {...}, "y": {...}, "unit", "series": [{"name", "style", "faint",
// "points"}]}: web/src/options.js, Chart.
nlohmann::json to_json(const Chart& chart);

} // namespace rig
