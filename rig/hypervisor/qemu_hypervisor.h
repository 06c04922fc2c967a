// SPDX-License-Identifier: GPL-2.0-or-later
// Direct QEMU: no daemon, one process per guest, the embedded default.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <vector>

namespace rig {

// What the firmware's tables tell the guest, by whichever adapter.
inline constexpr const char* kGuestUuid = "00000000-0000-0000-0000-000000000000";

// -sandbox: which system calls are left to QEMU's process.
inline constexpr const char* kSandbox =
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

// A path as part of an option's value: QEMU takes a comma when it is doubled.
std::string qemu_escaped(const std::filesystem::path& path);

// The complete command line for a boot by `program`; pure, so that `rig boot --print` and the
// golden tests show what is run.
std::vector<std::string> qemu_argv(const BootRequest& request, const std::string& program);

struct Emulator {
    std::string program;       // a name to be found in PATH, or a path
    std::string packages = {}; // "qemu-system-riscv 1:10.0.2+ds-2, opensbi 1.5.1-1" where it and
                               // its firmware were fetched; "" of the host's own
};

class QemuHypervisor : public Hypervisor {
 public:
    // Asked before each boot and each version (qemu_choice.h); without it arch.qemu.
    using EmulatorOf = std::function<Result<Emulator>(const Arch&)>;
    explicit QemuHypervisor(CommandRunner& runner, EmulatorOf emulator_of = {})
        : runner_(runner), emulator_of_(std::move(emulator_of)) {}
    Result<GuestEnd> run(const BootRequest& request,
                         const std::function<bool(std::string_view)>& on_bytes,
                         std::stop_token stop) override;
    Result<std::string> emulator(const Arch& arch) override;
    Result<std::string> version(const Arch& arch) override;

 private:
    CommandRunner& runner_;
    Result<Emulator> find(const Arch& arch) const;
    EmulatorOf emulator_of_;
};

} // namespace rig
