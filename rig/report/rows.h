// SPDX-License-Identifier: GPL-2.0-or-later
// The big table as rows of text, the same in every report for people: what a row says does not
// depend on how it is laid out.
#pragma once

#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

// A row without cells is a heading. A label that begins with blanks is a part of the row above it.
struct ReportRow {
    std::string label;
    std::vector<std::string> cells;   // one per arm
    std::vector<std::string> changes; // one per arm, the baseline's empty
    bool judged = false;              // stands for a metric, also in a table of changes alone
    const MetricResult* metric =
        nullptr; // whose row it is, of the input; nullptr for headings and parts
};

// `input` must outlive them.
std::vector<ReportRow> table_rows(const ReportInput& input);

} // namespace rig
