// Direct QEMU: no daemon, one process per guest, the embedded default.
#pragma once

#include "rig/host/hypervisor.h"

#include <vector>

namespace rig {

// What the firmware's tables tell the guest, by whichever adapter.
inline constexpr const char* kGuestUuid = "00000000-0000-0000-0000-000000000000";

// -sandbox: which system calls are left to QEMU's process.
inline constexpr const char* kSandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

// A path as part of an option's value: QEMU takes a comma when it is doubled.
std::string qemu_escaped(const std::filesystem::path& path);

// The complete command line for a boot by `program`; pure, so that `rig boot --print` and the golden tests show what is run.
std::vector<std::string> qemu_argv(const BootRequest& request, const std::string& program);

class QemuHypervisor : public Hypervisor {
 public:
    // `program_of`: what to execute for an architecture, asked before each boot (emulator.h); without it arch.qemu.
    using ProgramOf = std::function<Result<std::string>(const Arch&)>;
    explicit QemuHypervisor(CommandRunner& runner, ProgramOf program_of = {}) : runner_(runner), program_of_(std::move(program_of)) {}
    Result<GuestEnd> run(const BootRequest& request, const std::function<bool(std::string_view)>& on_bytes, std::stop_token stop) override;
    Result<std::string> emulator(const Arch& arch) override;
    Result<std::string> version(const Arch& arch) override;

 private:
    CommandRunner& runner_;
    ProgramOf program_of_;
};

} // namespace rig
