// SPDX-License-Identifier: GPL-2.0-or-later
// The validity checks that the intended allocations failed, and no others. Internal to prove().
// Pure.
#pragma once

#include "rig/analysis/validity_check.h"

#include <vector>

namespace rig {

// Append to `checks` those of one arm with the boots `boots`: for an experiment with fault
// injection, and for one without.
void check_faults(const ArmEvidence& evidence, const Boots& boots,
                  std::vector<ValidityCheck>& checks);
void check_no_faults(const Boots& boots, std::vector<ValidityCheck>& checks);

} // namespace rig
