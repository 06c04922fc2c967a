// SPDX-License-Identifier: GPL-2.0-or-later
// The validity check that the guest has what the experiment requires. Internal to prove(). Pure.
#pragma once

#include "rig/analysis/validity_check.h"

#include <vector>

namespace rig {

// Appends it to the checks of one arm with the boots `boots`. An experiment that requires nothing
// has no such check.
void check_requirements(const ArmEvidence& evidence, const Boots& boots,
                        std::vector<ValidityCheck>& checks);

} // namespace rig
