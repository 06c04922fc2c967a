#include "rig/emulator.h"

#include "rig/apt.h"

#include <charconv>

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

Result<std::string> Emulators::program(const Arch& arch) {
    if (arch.qemu_fetched.empty()) return arch.qemu;
    const std::lock_guard held(mutex_);
    if (hosts_will_do_.contains(arch.name)) return arch.qemu;
    Command command;
    command.argv = {arch.qemu, "--version"};
    command.timeout = std::chrono::seconds(20);
    const auto host = context_.runner.run(command);
    if (host && host->ok() && !needs_fetched_qemu(arch, host->out)) {
        hosts_will_do_.insert(arch.name);
        return arch.qemu;
    }
    RIG_TRY(root, fetched_packages(context_, arch.qemu_suite, arch.qemu_fetched));
    return (root / "usr/bin" / arch.qemu).string();
}

} // namespace rig
