// SPDX-License-Identifier: GPL-2.0-or-later
// Makes expectations undecided that hold by their figures but are misleading: windows of different
// length, a cost that the median over calls cannot show, a broadcast under another name. Pure.
#pragma once

#include "rig/analysis/comparison.h"
#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <functional>
#include <string>
#include <vector>

namespace rig {

// Makes each arm that holds undecided if `why` returns a doubt about it; "" means no doubt. A
// failed expectation stays failed.
void doubt(MetricResult& metric, const std::function<std::string(ArmMetric& arm)>& why);

// Applies all known doubts to the metrics of a run. Each metric must have its arms in the order of
// the spec.
void doubt_what_holds(const Spec& spec, const std::vector<Sample>& samples,
                      std::vector<MetricResult>& metrics);

} // namespace rig
