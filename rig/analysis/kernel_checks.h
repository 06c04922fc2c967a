// SPDX-License-Identifier: GPL-2.0-or-later
// The validity checks that use a kernel's files, and helpers that the checks of boots use too.
// Internal to prove().
#pragma once

#include "rig/analysis/validity_check.h"
#include "rig/kernel/kernel_facts.h"

#include <string>
#include <vector>

namespace rig {

// The value of a configuration option; "" if it was not looked up.
std::string kernel_option(const KernelFacts& kernel, const std::string& name);

// The checks config and symbols; own_config for a prebuilt image; image_differs and same_config for
// all arms except the baseline.
std::vector<ValidityCheck> check_kernel(const ArmEvidence& evidence);

} // namespace rig
