// SPDX-License-Identifier: GPL-2.0-or-later
// Does KVM really start a kernel here? On some hosts /dev/kvm opens, the API answers, a VM can be
// created and firmware runs, and yet no kernel ever starts. The only honest probe is a bounded boot
// of the very image that is to be measured.
#pragma once

#include "rig/boot/guest_boot.h"
#include "rig/kernel/kernel.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rig {

// With working KVM the agent is up in well below a second; this bounds what a hanging one costs,
// once per host boot.
inline constexpr std::chrono::seconds kKvmProbeDeadline{6};

struct KvmProbe {
    bool works = false;
    std::string
        why; // "no /dev/kvm", "no sign of the agent within 6 s", "the agent came up in 0.4 s"
    double seconds = 0; // what the probe cost
};

// The remembered answer (<cache>/kvm-probe.json), if it was given since this host booted, with
// guests run by the same `adapter` (Hypervisor::adapter): libvirt's QEMU may be allowed what rig's
// own is not, and the other way round.
std::optional<KvmProbe> remembered_probe(const std::filesystem::path& cache,
                                         const std::string& boot_id, const std::string& adapter);
Status remember_probe(const std::filesystem::path& cache, const std::string& boot_id,
                      const std::string& adapter, const KvmProbe& probe);

// Of a boot's error: without QEMU's warnings and the console's last words, for a line of the
// report.
std::string reason_in_one_line(std::string_view message);

// Asks the remembered answer first. Scratch evidence goes to <cache>/kvm-probe/.
Result<KvmProbe> probe_kvm(const GuestSetup& setup, const Kernel& kernel,
                           const std::filesystem::path& cache, std::stop_token stop);

} // namespace rig
