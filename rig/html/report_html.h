// SPDX-License-Identifier: GPL-2.0-or-later
// The report as one page for people: a self-contained HTML file with what the text report says and
// the figures drawn. What got worse stands beside what got better. Pure.
#pragma once

#include "rig/html/charts.h"
#include "rig/html/web_assets.h"
#include "rig/report/report.h"

#include <string>
#include <vector>

namespace rig {

// What the console of a boot holds of a splat.
struct SplatExcerpt {
    std::string file; // as excerpts_of() names it
    std::string text; // from a guest
    bool cut = false; // there is more of it in the file
};

// What a page shows beyond the run's own samples.
struct PageExtras {
    std::vector<SplatExcerpt> excerpts;
    std::vector<Plot> sweeps; // of sibling runs: doses, vCPUs. No section where no sweep has rows
};

// Needs no JavaScript but for the drawings, whose figures are in tables too.
std::string render_html(const ReportInput& input, const std::vector<Sample>& samples,
                        const PageExtras& extras, const WebAssets& assets);

} // namespace rig
