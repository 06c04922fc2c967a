// SPDX-License-Identifier: GPL-2.0-or-later
// The main table as rows of text, independent of layout, so that it is the same in text and HTML.
#pragma once

#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

// A row without cells is a heading. A row whose label begins with blanks is a detail of the row
// above it.
struct ReportRow {
    std::string label;
    std::vector<std::string> cells;   // one per arm
    std::vector<std::string> changes; // one per arm; the baseline's is empty
    bool judged = false;              // the row of a metric, which a table of changes shows too
    // The metric in the input; nullptr for headings and details.
    const MetricResult* metric = nullptr;
};

// The rows point into `input`, which must outlive them.
std::vector<ReportRow> table_rows(const ReportInput& input);

} // namespace rig
