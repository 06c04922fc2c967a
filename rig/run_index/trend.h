// SPDX-License-Identifier: GPL-2.0-or-later
// Which runs of the index make one line, and what is another from one run of it to the next. Pure.
#pragma once

#include "rig/run_index/run_record.h"

#include <compare>
#include <string>
#include <vector>

namespace rig {

// Runs whose figures may stand in one line: the same experiment to the letter on the same machine,
// by the same clock, and under the wall clock in the same boot of the host. Kernels and rig may
// differ: that is what a trend is about.
struct DashboardCell {
    std::string experiment, clock, accelerator, arch;
    unsigned vcpus = 0;
    std::vector<std::string> overrides;
    std::string spec_sha256, host_boot;
    auto operator<=>(const DashboardCell&) const = default;
};
DashboardCell dashboard_cell_of(const RunRecord& run);

// What else is another than in the run before, in words: where to look first, not what it was.
std::vector<std::string> changed_between(const RunRecord& before, const RunRecord& after,
                                         const std::string& arm);

} // namespace rig
