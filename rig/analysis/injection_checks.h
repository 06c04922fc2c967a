// SPDX-License-Identifier: GPL-2.0-or-later
// The proofs that allocations failed where they were to fail, and nowhere else. Internal to
// prove(). Pure.
#pragma once

#include "rig/analysis/validity_check.h"

#include <vector>

namespace rig {

// Each appends to `proofs` those of an arm, whose boots are `boots`: of an experiment with faults,
// and of one without.
void check_faults(const ArmEvidence& evidence, const Boots& boots,
                  std::vector<ValidityCheck>& checks);
void check_no_faults(const Boots& boots, std::vector<ValidityCheck>& checks);

} // namespace rig
