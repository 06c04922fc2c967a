// SPDX-License-Identifier: GPL-2.0-or-later
// Tests whether KVM can start a kernel on this host. On some hosts /dev/kvm opens, its API answers,
// a VM can be created and firmware runs, but no kernel ever starts. The only reliable test is a
// boot, with a deadline, of the image that is to be measured.
#pragma once

#include "rig/boot/guest_boot.h"
#include "rig/kernel/kernel.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rig {

// With working KVM the agent comes up in well under a second. This limits the cost of a probe that
// hangs, once per boot of the host.
inline constexpr std::chrono::seconds kKvmProbeDeadline{6};

struct KvmProbe {
    bool works = false;
    // "no /dev/kvm", "no sign of the agent within 6 s", "the agent came up in 0.4 s".
    std::string why;
    double seconds = 0; // duration of the probe
};

// The stored result (<cache>/kvm-probe.json), if it is from this boot of the host and from the same
// `adapter` (Hypervisor::adapter). libvirt's QEMU may have permissions that rig's own lacks, and
// vice versa.
std::optional<KvmProbe> remembered_probe(const std::filesystem::path& cache,
                                         const std::string& boot_id, const std::string& adapter);
Status remember_probe(const std::filesystem::path& cache, const std::string& boot_id,
                      const std::string& adapter, const KvmProbe& probe);

// Shortens a boot's error to one line of the report, without QEMU's warnings and the end of the
// console.
std::string reason_in_one_line(std::string_view message);

// Returns the stored result, or else probes. Evidence of the probe goes to <cache>/kvm-probe/.
Result<KvmProbe> probe_kvm(const GuestSetup& setup, const Kernel& kernel,
                           const std::filesystem::path& cache, std::stop_token stop);

} // namespace rig
