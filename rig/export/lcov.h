// SPDX-License-Identifier: GPL-2.0-or-later
// An lcov tracefile (geninfo(1)) of the changed lines of one arm, the input of genhtml and of
// editors that show coverage. Pure.
#pragma once

#include "rig/analysis/line_evidence.h"

#include <string>
#include <string_view>

namespace rig {

// One record for each file that has counted lines of `arm`, in the order of their names; TN is the
// arm's name. DA has the executions in the two passes, summed over the arm's boots; not those of
// the rest of a boot, in which the workload does not run. Lines that are not changed, that have no
// instruction, or that no boot counted are left out; so are lines of which only an upper bound is
// known, unless that bound is 0. "" if nothing is left.
std::string render_lcov(const LineEvidence& lines, std::string_view arm);

} // namespace rig
