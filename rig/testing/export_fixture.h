// SPDX-License-Identifier: GPL-2.0-or-later
// Made-up runs with every possible end, for tests of exports.
#pragma once

#include "rig/export/checks.h"
#include "rig/testing/run_fixture.h"

#include <utility>

namespace rig::fixture {

inline Spec judged_spec(unsigned boots = 8) {
    auto spec = make_spec(boots);
    spec.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}}),
                    at_most("target_latency", 20000), not_worse("bystander_work_time", 0.01)};
    return spec;
}

inline ReportInput input_of(const Spec& spec, const std::vector<Sample>& samples,
                            const RunInfo& run) {
    return assemble(spec, run, samples, {}, "results/" + run.run_id);
}
inline ReportInput input_of(const Spec& spec, const std::vector<Sample>& samples) {
    return input_of(spec, samples, make_run(spec));
}

inline FaultRecord fault_of(std::string arm, unsigned index, FaultDomain fault_domain,
                            std::string message, bool made_again = false) {
    FaultRecord fault;
    fault.arm = std::move(arm);
    fault.index = index;
    fault.order = 2 * index;
    fault.folder =
        "000" + std::to_string(fault.order) + "-" + fault.arm + "-" + std::to_string(index);
    fault.fault_domain = fault_domain;
    fault.kind = fault_domain == FaultDomain::Kernel ? "panic" : "starved";
    fault.message = std::move(message);
    fault.made_again = made_again;
    return fault;
}

} // namespace rig::fixture
