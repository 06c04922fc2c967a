// SPDX-License-Identifier: GPL-2.0-or-later
// What holds by the figures alone, but does not mean what it says, becomes undecided: windows of
// different length, a cost that the median over calls cannot show, a broadcast under another name.
// Pure.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <functional>
#include <string>
#include <vector>

namespace rig {

// What holds by itself but does not mean what it says. `why` gives the doubt about one arm, "" if
// there is none. What failed stays failed.
void doubt(MetricResult& metric, const std::function<std::string(ArmMetric& arm)>& why);

// All that can be doubted of a run's metrics, each of which holds its arms in the spec's order.
void doubt_what_holds(const Spec& spec, const std::vector<Sample>& samples,
                      std::vector<MetricResult>& metrics);

} // namespace rig
