// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/trend.h"

namespace rig {

DashboardCell dashboard_cell_of(const RunRecord& run) {
    return {
        run.experiment, run.clock,     run.accelerator, run.arch,
        run.vcpus,      run.overrides, run.spec_sha256, run.clock == "wall" ? run.host_boot : ""};
}

std::vector<std::string> changed_between(const RunRecord& before, const RunRecord& after,
                                         const std::string& arm) {
    std::vector<std::string> changed;
    const auto image = [&](const RunRecord& run) {
        for (const auto& one : run.arms)
            if (one.arm == arm) return one.image_sha256;
        return std::string();
    };
    if (image(before) != image(after)) changed.emplace_back("the arm's kernel");
    if (before.program != after.program) changed.emplace_back("rig");
    if (before.image != after.image)
        changed.emplace_back("the guest's programs (agent, perf, busybox)");
    if (before.qemu_version != after.qemu_version) changed.emplace_back("QEMU");
    if (before.libvirt_version != after.libvirt_version) changed.emplace_back("libvirt");
    if (before.seed != after.seed || before.boots != after.boots)
        changed.emplace_back("seed or number of boots");
    return changed;
}

} // namespace rig
