// SPDX-License-Identifier: GPL-2.0-or-later
// Runs of one experiment on the same kernels that differ in one number, for curves over a dose or
// the number of vCPUs. Pure.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/report/plot.h"
#include "rig/run_index/run_record.h"

#include <vector>

namespace rig {

// Plots for `run` and its siblings. `others` must be runs of the same experiment text. Those count
// that ended with all validity checks passed and equal `run` in everything (clock, accelerator,
// kernel images, other overrides, and under the wall clock the boot of the host) except the number
// of vCPUs, or the number to which one override sets a key ("fault.times=36"). Returns one plot for
// each such key and each declared metric in `metrics`, over at least two values. `run` is part of
// each plot; of other runs with the same value the newest counts. Empty if a validity check of
// `run` failed.
std::vector<Plot> sweeps_of(const RunRecord& run, const std::vector<RunRecord>& others,
                            const std::vector<MetricResult>& metrics);

} // namespace rig
