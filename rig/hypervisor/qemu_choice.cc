// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/qemu_choice.h"

#include "rig/host/apt.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {

unsigned qemu_major(std::string_view version) {
    constexpr std::string_view before = " version ";
    const auto at = version.find(before);
    if (at == std::string_view::npos) return 0;
    unsigned major = 0;
    std::from_chars(version.data() + at + before.size(), version.data() + version.size(), major);
    return major;
}

bool needs_fetched_qemu(const Arch& arch, std::string_view version) {
    return !arch.qemu_fetched.empty() && qemu_major(version) < arch.qemu_at_least;
}

Result<Emulator> Emulators::of(const Arch& arch) {
    if (arch.qemu_fetched.empty()) return Emulator{arch.qemu, {}};
    const std::lock_guard held(mutex_);
    const auto first = first_.find(arch.name);
    if (first == first_.end()) {
        Command command;
        command.argv = {arch.qemu, "--version"};
        command.timeout = std::chrono::seconds(60);
        const auto host = context_.runner.run(command);
        if (!host && !host.error().message.ends_with(kNoSuchProgram))
            return tl::unexpected(host.error());
        if (host && !std::holds_alternative<Exited>(host->outcome))
            return fail(FaultDomain::Host,
                        fmt::format("{} --version: {}", arch.qemu, describe(*host)));
        if (host && host->ok() && !needs_fetched_qemu(arch, host->out))
            return first_[arch.name] = Emulator{arch.qemu, {}};
    } else if (first->second.program == arch.qemu) {
        return first->second;
    }
    RIG_TRY(fetched, fetched_packages(context_, arch.qemu_suite, arch.qemu_fetched));
    const Emulator emulator{(fetched.root / "usr/bin" / arch.qemu).string(),
                            fmt::format("{}", fmt::join(fetched.versions, ", "))};
    if (first == first_.end()) return first_[arch.name] = emulator;
    if (emulator.packages != first->second.packages)
        return fail(
            FaultDomain::Host,
            fmt::format(
                "the emulator was fetched again and is {} now, not {} as before: start again",
                emulator.packages, first->second.packages));
    return emulator;
}

} // namespace rig
