// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/experiment/profile_setup.h"

#include "plugin/profile_file.h"
#include "rig/base/files.h"
#include "rig/kernel/symbol_table.h"

#include <fmt/format.h>

namespace rig {

Result<Profiling> profiling_of(const Kernel& kernel, const std::filesystem::path& image,
                               const Machine& machine, const Arch& arch, unsigned vcpus,
                               const Environment& environment,
                               const std::filesystem::path& plugins) {
    if (environment.engine)
        return fail(FaultDomain::Spec,
                    "--profile: only boots of this host are profiled; want --engine local");
    RIG_TRY(elsewhere, environment.hypervisor.other_host());
    if (elsewhere)
        return fail(FaultDomain::Spec,
                    fmt::format("--profile, but guests of {} run on another host: want a URI of "
                                "this host, or none",
                                elsewhere->uri));
    if (machine.clock != GuestClock::Virtual)
        return fail(FaultDomain::Spec, "--profile needs the virtual clock, where one thread "
                                       "executes all vCPUs; want --clock virtual");
    RIG_TRY(version, environment.hypervisor.version(arch));
    const auto plugin = choose_plugin(machine.accelerator, version, plugins, "profile");
    if (plugin.module.empty()) return fail(FaultDomain::Spec, "--profile: " + plugin.why_not);
    if (plugin_api(version) == 2 && vcpus > RIG_PROFILE_MAX_VCPUS_API2)
        return fail(FaultDomain::Spec,
                    fmt::format("--profile with {} vCPUs: with this QEMU ({}) want at most {}",
                                vcpus, version, RIG_PROFILE_MAX_VCPUS_API2));
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel.system_map), kernel.system_map.string()));
    RIG_TRY(programs, program_pages(image));
    return Profiling{plugin.module, std::make_shared<const ProfileLayout>(
                                        profile_layout(symbols, std::move(programs)))};
}

} // namespace rig
