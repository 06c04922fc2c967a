// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/validity_check.h"

#include <algorithm>

namespace rig {

bool ArmChecks::all_pass() const {
    return !checks.empty() && std::all_of(checks.begin(), checks.end(),
                                          [](const ValidityCheck& p) { return p.passed; });
}

std::string workload_hint(const ArmEvidence& evidence, HintFor what, const Sample* boot,
                          const std::string& option) {
    const auto& spec = evidence.spec;
    return hint(spec.workload, what,
                {.kernel_version = evidence.kernel.version,
                 .config = evidence.kernel.config,
                 .stock = spec.kernel.prerequisites.empty() && !evidence.arm.prebuilt,
                 .target_function = spec.target.function,
                 .fault_function = spec.faults.front().function,
                 .fault_interval = spec.faults.front().interval,
                 .work_done = boot ? boot->exercised.work_done : 0,
                 .option = option});
}

} // namespace rig
