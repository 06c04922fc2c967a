// SPDX-License-Identifier: GPL-2.0-or-later
// Tests whether the host changed during a run. Compares the boots of the first half with those of
// the second, in the order in which they ran, all arms together. An interleaved schedule spreads a
// drift evenly over the arms, so it does not bias the comparison, but it widens every interval and
// shows that the host was not idle. Wall clock only: virtual time does not drift. Pure.
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <string>
#include <vector>

namespace rig {

// One line for each latency whose halves differ (Mann-Whitney, Holm over the latencies), or a
// single line if there are too few boots to decide. Empty under the virtual clock.
std::vector<std::string> drift_warnings(const Spec& spec, const std::vector<Sample>& samples);

} // namespace rig
