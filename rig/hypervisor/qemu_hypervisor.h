// SPDX-License-Identifier: GPL-2.0-or-later
// Direct QEMU: one process per guest, without a daemon. This is the default.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <vector>

namespace rig {

// The UUID in the firmware's tables; the same for both backends.
inline constexpr const char* kGuestUuid = "00000000-0000-0000-0000-000000000000";

// The value of -sandbox: restricts the system calls of the QEMU process.
inline constexpr const char* kSandbox =
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

// A path as part of an option's value: QEMU needs commas doubled.
std::string qemu_escaped(const std::filesystem::path& path);

// The complete command line with which `program` runs a boot. Pure, so that `rig boot --print` and
// the golden tests show exactly what is run.
std::vector<std::string> qemu_argv(const BootRequest& request, const std::string& program);

struct Emulator {
    std::string program; // a name to be found in PATH, or a path
    // "qemu-system-riscv 1:10.0.2+ds-2, opensbi 1.5.1-1" if it and its firmware were fetched; ""
    // for the host's own.
    std::string packages = {};
};

class QemuHypervisor : public Hypervisor {
 public:
    // Called before each boot and for each version (qemu_choice.h). Without it arch.qemu is used.
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
