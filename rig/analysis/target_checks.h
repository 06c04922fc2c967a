// SPDX-License-Identifier: GPL-2.0-or-later
// Proof that the changed line was compiled in and ran, and that nothing but it was measured. An
// experiment in which one proof fails in one boot of one arm is INCONCLUSIVE: silence of a path
// that never ran is not "no change". Pure.
#pragma once

#include "rig/analysis/validity_check.h"
#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <string>
#include <vector>

namespace rig {

// All proofs of one arm, each over all its boots and naming the first that fails. Never empty.
std::vector<ValidityCheck> prove(const ArmEvidence& evidence);

// "in 3 of 8 boots at most half of the calls ran the target": a median over calls then is that of
// calls without it, and cannot show what the target costs. "" if every boot of the arm reached it
// in more; also with target.same_path.
std::string thinly_exposed(const Spec& spec, const std::vector<Sample>& samples,
                           const std::string& arm);

// The workload's own clock around its calls against perf's, per boot; not a proof, since they do
// not time the same thing. One text if any boot of the arm disagrees by more than the tolerance,
// else none.
std::vector<std::string> clock_warnings(const ArmEvidence& evidence);

} // namespace rig
