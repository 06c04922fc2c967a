// SPDX-License-Identifier: GPL-2.0-or-later
// Which runs of the index form one trend line, and what changed between two runs of it. Pure.
#pragma once

#include "rig/run_index/run_record.h"

#include <compare>
#include <string>
#include <vector>

namespace rig {

// Runs whose figures may be on one trend line: the same experiment text on the same machine with
// the same clock, and under the wall clock in the same boot of the host. Kernels and rig may
// differ, since that is what a trend shows.
struct DashboardCell {
    std::string experiment, clock, accelerator, arch;
    unsigned vcpus = 0;
    std::vector<std::string> overrides;
    std::string spec_sha256, host_boot;
    auto operator<=>(const DashboardCell&) const = default;
};
DashboardCell dashboard_cell_of(const RunRecord& run);

// Names what else differs from the run before: a hint where to look first, without the values.
std::vector<std::string> changed_between(const RunRecord& before, const RunRecord& after,
                                         const std::string& arm);

} // namespace rig
