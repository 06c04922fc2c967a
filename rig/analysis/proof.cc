// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/proof.h"

#include <algorithm>

namespace rig {

bool ArmProofs::all_pass() const {
    return !proofs.empty() &&
           std::all_of(proofs.begin(), proofs.end(), [](const Proof& p) { return p.passed; });
}

std::string workload_hint(const ArmEvidence& evidence, HintFor what, const Sample* boot,
                          const std::string& option) {
    const auto& spec = evidence.spec;
    return hint(spec.workload, what,
                {.kernel_version = evidence.kernel.version,
                 .config = evidence.kernel.config,
                 .stock = spec.kernel.enable.empty() && !evidence.arm.prebuilt,
                 .target_function = spec.target.function,
                 .fault_function = spec.fault.function,
                 .fault_interval = spec.fault.interval,
                 .work_done = boot ? boot->exposure.work_done : 0,
                 .option = option});
}

} // namespace rig
