// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/packed_boots.h"

#include "rig/base/files.h"
#include "rig/base/guest_clock.h"
#include "rig/base/sha256.h"
#include "rig/base/text.h"
#include "rig/experiment/line_counting.h"
#include "rig/host/cpu_speed.h"
#include "rig/hypervisor/qemu_hypervisor.h"
#include "rig/plan/schedule.h"
#include "rig/results/stored_spec.h"
#include "rig/spec/override.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {

Result<RunSetup> setup_of_run(const LoadedRun& run, const std::map<std::string, Kernel>& kernels) {
    if (run.info.clock != name(GuestClock::Virtual) ||
        run.info.accelerator != name(Accelerator::Tcg))
        return fail(FaultDomain::Spec,
                    fmt::format("{} was measured with the {} clock ({}): only emulated boots with "
                                "the virtual clock give the same bytes again",
                                run.info.run_id, run.info.clock, run.info.accelerator));
    // run.json has these two beside the experiment, whose ranges bound them, too.
    auto bounded = run.info;
    for (const auto& [key, value] :
         {std::pair{"guest.vcpus", run.info.vcpus}, std::pair{"guest.boots", run.info.boots}}) {
        RIG_TRY(one, parse_override(fmt::format("{}={}", key, value)));
        bounded.overrides.push_back(one);
    }
    RIG_TRY(spec, stored_spec_of(bounded));
    RunSetup setup{std::move(spec),
                   {GuestClock::Virtual, Accelerator::Tcg, host_slowdown_factor()},
                   {},
                   {},
                   {},
                   {}};
    setup.emulator =
        std::filesystem::path(arch_named(setup.spec.kernel.arch).qemu).filename().string();
    for (const auto& arm : setup.spec.arms) {
        const auto kernel = kernels.find(arm.name);
        if (kernel == kernels.end())
            return fail(FaultDomain::Spec, fmt::format("no kernel of arm '{}'", arm.name));
        const auto& map = kernel->second.system_map;
        RIG_TRY(symbols,
                SymbolTable::parse(slurp(map),
                                   fmt::format("{} of {}", map.filename().string(), arm.name)));
        setup.arms.emplace(arm.name, PackedArm{kernel->second, std::move(symbols)});
    }
    if (counts_instructions(setup.spec))
        for (const auto& arm : setup.spec.arms)
            setup.counted.insert(arm.name);
    for (const auto& boot : run.lines.boots)
        if (boot.why_not.empty() && !run.lines.of_arm(boot.arm).empty())
            setup.counted.insert(boot.arm);
    for (const auto& sample : run.samples)
        if (!setup.spec.find_arm(sample.id.arm))
            return fail(FaultDomain::Spec,
                        fmt::format("a sample of arm '{}', which the experiment does not have",
                                    printable(sample.id.arm)));
    return setup;
}

Result<GuestPlan> plan_of(const RunSetup& setup, const BootId& boot) {
    return make_plan(setup.spec, *setup.spec.find_arm(boot.arm), setup.arms.at(boot.arm).symbols,
                     perturbation_for(boot.seed));
}

Result<std::vector<PackedBoot>>
packed_boots(const RunSetup& setup, const std::vector<Sample>& samples, Hypervisor& hypervisor) {
    std::vector<PackedBoot> boots;
    for (const auto& sample : samples) {
        const auto& id = sample.id;
        RIG_TRY(plan, plan_of(setup, id));
        const auto own = setup.spec.for_arm(*setup.spec.find_arm(id.arm));
        auto kernel = setup.arms.at(id.arm).kernel;
        kernel.boot_image = "kernel";
        auto request =
            make_request({own, setup.machine, {}, hypervisor}, kernel, id.seed, "console.log");
        request.initrd = "initrd";
        request.channel = "channel";
        request.monitor = "monitor";
        if (!setup.plugin.empty() && setup.counted.contains(id.arm))
            request.plugin = CountPlugin{setup.plugin, kCountsFile};
        boots.push_back(
            {id.arm, id.index, sha256_hex(plan.json.dump()), qemu_argv(request, setup.emulator)});
    }
    return boots;
}

std::string difference(const PackedBoot& composed, const PackedBoot& recorded) {
    if (composed.arm != recorded.arm || composed.index != recorded.index)
        return fmt::format("the samples have boot {} of {} where the manifest has boot {} of {}",
                           composed.index, composed.arm, recorded.index, recorded.arm);
    const auto [mine, other] = std::mismatch(composed.qemu.begin(), composed.qemu.end(),
                                             recorded.qemu.begin(), recorded.qemu.end());
    if (mine != composed.qemu.end() || other != recorded.qemu.end()) {
        const auto word = [](auto at, auto end) {
            return at == end ? std::string("nothing") : fmt::format("'{}'", printable(*at));
        };
        return fmt::format("QEMU's command line has {} where the recorded one has {}",
                           word(mine, composed.qemu.end()), word(other, recorded.qemu.end()));
    }
    if (composed.plan_sha256 != recorded.plan_sha256)
        return "this rig gives the guest another plan";
    return "";
}

} // namespace rig
