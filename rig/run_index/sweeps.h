// SPDX-License-Identifier: GPL-2.0-or-later
// Runs of one experiment on the same kernels that differ in one number: curves over dose and vCPUs.
// Pure.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/report/plot.h"
#include "rig/run_index/run_record.h"

#include <vector>

namespace rig {

// Of `others`, which are runs of the same experiment to the letter, those that ended with every
// proof held and are like `run` in everything (clock, accelerator, kernels by their image, other
// overrides, under the wall clock the boot of the host) but the number of vCPUs, or the number to
// which one override sets a key ("fault.times=36"): a plot for each such thing and each metric of
// `metrics` that is declared, over at least two values. Of several runs with the same value the
// newest counts; `run` itself is one of them. Nothing if a proof of `run` failed.
std::vector<Plot> sweeps_of(const RunRecord& run, const std::vector<RunRecord>& others,
                            const std::vector<MetricResult>& metrics);

} // namespace rig
