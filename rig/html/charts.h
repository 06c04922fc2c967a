// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the charts of a page, as plain data, from samples and a comparison: what is drawn, a
// description in words, and the table behind it. Pure. web/src/options.js draws the charts and
// knows nothing about runs.
#pragma once

#include "rig/report/plot.h"
#include "rig/report/report.h"

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rig {

struct ChartAxis {
    std::string name; // with its unit, and a note if it is logarithmic
    // The format of its numbers: "count", "ns", "share" (0..1) or "".
    std::string unit;
    // Base 10; every number on it is > 0. A linear axis begins at zero.
    bool log = false;
    // If not empty, the points have an index into these.
    std::vector<std::string> categories;
};
struct ChartSeries {
    std::string name;
    // Selects colour, dash and symbol or pattern: those of the arm or of the function.
    std::size_t style = 0;
    std::vector<std::vector<double>> points; // {x, y}; for heat maps {x, y, value}
    // A bound next to the series with the same style; not in the legend.
    bool faint = false;
};
enum class ChartKind {
    Bars,  // x is a length from zero, y a category; series are stacked
    Steps, // y jumps at x
    Boots, // one point per boot
    Curve,
    Heat, // x and y are categories
};
struct Chart {
    ChartKind kind = ChartKind::Bars;
    std::string title;
    std::string note; // how to read the chart
    // Its content in words, for readers who cannot see it.
    std::string description;
    ChartAxis x, y;
    std::string unit; // unit of a heat map's values
    std::vector<ChartSeries> series;
    // The table's header. The table has every figure that matters and the findings of the report in
    // words.
    std::vector<std::string> head;
    std::vector<std::vector<std::string>> rows;
};

inline constexpr std::size_t ecdf_points = 400; // of one arm and metric

// The empirical distribution function of `values`, as the points at which it jumps, in order from
// {smallest, 0} to {largest, 1}. If there are more than `most` values, only those of evenly spaced
// ranks, including the smallest and the largest; the drawn function is then too low by less than 1
// / (most - 1). Empty without values.
std::vector<std::vector<double>> ecdf(std::vector<double> values, std::size_t most = ecdf_points);

// IPIs by the function that they call: medians over boots, one bar per arm. No series if no arm has
// a boot.
Chart ipi_chart(const ReportInput& input);
// For each measured latency: its distribution over all boots, and its value in each boot.
std::vector<Chart> latency_charts(const ReportInput& input, const std::vector<Sample>& samples);
// For each per-CPU count of rig or of the experiment in the samples: the median over boots on each
// CPU.
std::vector<Chart> cpu_charts(const ReportInput& input, const std::vector<Sample>& samples);
// One chart for each sweep with rows: median, minimum and maximum of each arm.
std::vector<Chart> curve_charts(const std::vector<Plot>& sweeps);

// {"kind", "title", "x": {...}, "y": {...}, "unit", "series": [{"name", "style", "faint",
// "points"}]}: Chart in web/src/options.js.
nlohmann::json to_json(const Chart& chart);

} // namespace rig
