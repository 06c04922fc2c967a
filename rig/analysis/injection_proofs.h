// SPDX-License-Identifier: GPL-2.0-or-later
// The proofs that allocations failed where they were to fail, and nowhere else. Internal to
// prove(). Pure.
#pragma once

#include "rig/analysis/proof.h"

#include <vector>

namespace rig {

// Each appends to `proofs` those of an arm, whose boots are `boots`: of an experiment with faults,
// and of one without.
void prove_faults(const ArmEvidence& evidence, const Boots& boots, std::vector<Proof>& proofs);
void prove_no_faults(const Boots& boots, std::vector<Proof>& proofs);

} // namespace rig
