// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/experiment/prepare.h"

#include "rig/boot/guest_boot.h"
#include "rig/boot/kvm_probe.h"
#include "rig/experiment/engine.h"
#include "rig/host/build_context.h"
#include "rig/host/cpu_speed.h"
#include "rig/kernel/initramfs.h"
#include "rig/kernel/kernel_build.h"

#include <fmt/format.h>

namespace rig {
namespace {

Result<ChosenMachine> clock_and_accelerator(const Spec& spec, const Prepared& prepared,
                                            const Environment& environment, std::stop_token stop) {
    if (spec.guest.clock == ClockChoice::Virtual)
        return ChosenMachine{{GuestClock::Virtual, Accelerator::Tcg, 1}, "as the experiment asks"};
    if (environment.engine) return environment.engine->automatic();
    RIG_TRY(elsewhere, environment.hypervisor.other_host());
    if (elsewhere && spec.guest.clock == ClockChoice::Wall)
        return fail(
            FaultDomain::Spec,
            fmt::format("guest.clock = \"wall\" (or --clock wall), but --connect {} is another "
                        "host, whose CPUs rig can neither "
                        "keep for its guests nor look at; want "
                        "\"virtual\" or \"auto\", or a URI of this host such as qemu:///system",
                        elsewhere->uri));
    if (elsewhere)
        return ChosenMachine{
            {GuestClock::Virtual, Accelerator::Tcg, 1},
            "auto; the guests run on another host, where only virtual time is measured: " +
                elsewhere->uri};
    if (const auto& arch = arch_named(spec.kernel.arch); !arch.cross.empty()) {
        const auto why = fmt::format("no KVM: this host is no {} machine", arch.name);
        if (spec.guest.clock == ClockChoice::Wall)
            return ChosenMachine{{GuestClock::Wall, Accelerator::Tcg, 1},
                                 "as the experiment asks; " + why};
        return ChosenMachine{{GuestClock::Virtual, Accelerator::Tcg, 1}, "auto; " + why};
    }
    const GuestSetup setup{
        spec, {GuestClock::Wall, Accelerator::Kvm, 1}, prepared.image, environment.hypervisor};
    environment.progress.start("probing KVM");
    auto probe = probe_kvm(setup, prepared.kernels.begin()->second, environment.cache.root(), stop);
    environment.progress.finish();
    if (!probe) return tl::unexpected(probe.error());
    if (probe->works)
        return ChosenMachine{{GuestClock::Wall, Accelerator::Kvm, 1}, "KVM boots this kernel"};
    if (spec.guest.clock == ClockChoice::Wall)
        return ChosenMachine{{GuestClock::Wall, Accelerator::Tcg, 1},
                             "as the experiment asks; no KVM: " + probe->why};
    return ChosenMachine{{GuestClock::Virtual, Accelerator::Tcg, 1}, "auto; no KVM: " + probe->why};
}

} // namespace

Result<Prepared> prepare(const Spec& spec, const std::vector<Arm>& arms,
                         const Environment& environment) {
    Prepared prepared;
    const BuildContext context{environment.cache, environment.runner, environment.progress, 0};
    for (const auto& arm : arms) {
        RIG_TRY(kernel, build_kernel(spec, arm, context));
        prepared.kernels.emplace(arm.name, kernel);
    }
    RIG_TRY(perf, build_perf(spec, context));
    const auto& arch = arch_named(spec.kernel.arch);
    RIG_TRY(agent, find_agent(arch));
    RIG_TRY(busybox, find_busybox(context, arch));
    RIG_TRY(programs, with_libraries(spec.image_files, environment.runner));
    RIG_TRY(image, build_initramfs({agent, perf, busybox, programs}, environment.cache));
    prepared.image = image;
    prepared.perf = perf;
    RIG_TRY(said, perf_version(arch, perf, environment.runner));
    prepared.perf_version = said;
    return prepared;
}

Result<BootPlaces> place_boots(const BootNeed& need, unsigned parallel,
                               const Environment& environment, std::stop_token stop) {
    RIG_TRY(elsewhere, environment.hypervisor.other_host());
    auto host = environment.host;
    if (elsewhere) {
        host.claims.clear(); // the other host runs no wall-clock boots to protect
        host.capacity = [&elsewhere] {
            return HostCapacity{
                elsewhere->cpus, {}, elsewhere->memory, "what " + elsewhere->uri + " says"};
        };
    }
    return take_places(need, parallel, host, environment.progress, stop);
}

Result<ChosenMachine> choose_machine(const Spec& spec, const Prepared& prepared,
                                     const Environment& environment, std::stop_token stop) {
    RIG_TRY(chosen, clock_and_accelerator(spec, prepared, environment, stop));
    chosen.machine.slowness = host_slowdown_factor();
    return chosen;
}

} // namespace rig
