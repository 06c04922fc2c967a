// SPDX-License-Identifier: GPL-2.0-or-later
// Renders the report as one self-contained HTML file: the content of the text report plus charts.
// It shows what got worse next to what got better. Pure.
#pragma once

#include "rig/html/charts.h"
#include "rig/html/web_assets.h"
#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

// The part of a boot's console that belongs to a splat.
struct SplatExcerpt {
    std::string file; // path as in excerpts_of()
    std::string text; // from a guest
    bool cut = false; // the file has more
};

// What a page shows besides the run's own samples.
struct PageExtras {
    std::vector<SplatExcerpt> excerpts;
    // Of sibling runs: doses, vCPUs. Without rows there is no such section.
    std::vector<Plot> sweeps;
};

// Needs JavaScript only for the charts, whose figures are also in tables.
std::string render_html(const ReportInput& input, const std::vector<Sample>& samples,
                        const PageExtras& extras, const WebAssets& assets);

} // namespace rig
