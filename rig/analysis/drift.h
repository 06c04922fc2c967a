// SPDX-License-Identifier: GPL-2.0-or-later
// Did the host change while a run went on? Boots of the first half against those of the second, in
// the order in which they ran, all arms together: an interleaved schedule spreads a drift over the
// arms alike, so it does not bias the comparison, but it widens every interval and says that the
// host was not at rest. Wall clock only: virtual time does not drift. Pure.
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <string>
#include <vector>

namespace rig {

// A line for each latency whose halves differ (Mann-Whitney, Holm over the latencies), or one
// saying that there are too few boots to tell; none under the virtual clock.
std::vector<std::string> drift_warnings(const Spec& spec, const std::vector<Sample>& samples);

} // namespace rig
