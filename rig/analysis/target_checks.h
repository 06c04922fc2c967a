// SPDX-License-Identifier: GPL-2.0-or-later
// Checks that the changed line was compiled in and ran, and that nothing else was measured. If one
// validity check fails in one boot of one arm, the experiment is INCONCLUSIVE: a path that never
// ran does not show "no change". Pure.
#pragma once

#include "rig/analysis/validity_check.h"
#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <string>
#include <vector>

namespace rig {

// All validity checks of one arm. Each covers all boots of the arm and names the first that fails.
// Never empty.
std::vector<ValidityCheck> prove(const ArmEvidence& evidence);

// A text such as "in 3 of 8 boots at most half of the calls ran the target": then the median over
// calls is that of calls without the target, and cannot show what the target costs. "" if more than
// half of the calls ran it in every boot of the arm, and also with target.same_path.
std::string thinly_exposed(const Spec& spec, const std::vector<Sample>& samples,
                           const std::string& arm);

// Compares the workload's own clock around its calls with perf's, per boot. This is no validity
// check, since the two do not time exactly the same thing. One text if any boot of the arm differs
// by more than the tolerance, else none.
std::vector<std::string> clock_warnings(const ArmEvidence& evidence);

} // namespace rig
