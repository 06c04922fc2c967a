// SPDX-License-Identifier: GPL-2.0-or-later
// Plots a metric over the values of a sweep as text: one bar for each value and arm, on a
// logarithmic scale if the figures differ much. Pure.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/guest_output/metric.h"

#include <string>
#include <vector>

namespace rig {

struct PlotRow {
    std::string x, arm;
    Spread spread; // over the boots: the bar ends at the median, a dotted line at the maximum
};
struct Plot {
    std::string label, key; // plots `label` over `key`: "target latency" over "fault.interval"
    Unit unit = Unit::Count;
    std::vector<PlotRow> rows; // by value of the sweep, then by arm
};

// Lines of at most `width` columns; the first is a title. Only the title if there are no rows.
std::vector<std::string> plot_text(const Plot& plot, std::size_t width);

} // namespace rig
