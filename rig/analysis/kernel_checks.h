// SPDX-License-Identifier: GPL-2.0-or-later
// The proofs from a kernel's files, and what they share with those from the boots. Internal to
// prove().
#pragma once

#include "rig/analysis/validity_check.h"
#include "rig/kernel/kernel_facts.h"

#include <string>
#include <vector>

namespace rig {

// The value of an option: "" if it is not among those looked up.
std::string kernel_option(const KernelFacts& kernel, const std::string& name);

// config, symbols; of a prebuilt image own_config; image_differs, same_config, which the baseline
// goes without.
std::vector<ValidityCheck> check_kernel(const ArmEvidence& evidence);

} // namespace rig
