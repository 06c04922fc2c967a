// SPDX-License-Identifier: GPL-2.0-or-later
// The validity checks of experiments whose faults are counted apart: that each point made calls
// fail, as many as perf counted, and only below its function. Internal to prove(). Pure.
#pragma once

#include "rig/analysis/validity_check.h"

#include <vector>

namespace rig {

// Appends to `checks` those of one arm with the boots `boots`.
void check_faults_apart(const ArmEvidence& evidence, const Boots& boots,
                        std::vector<ValidityCheck>& checks);

} // namespace rig
