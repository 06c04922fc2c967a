// SPDX-License-Identifier: GPL-2.0-or-later
// Chooses the QEMU for an architecture: the host's, or one that rig fetches if the host's is too
// old.
#pragma once

#include "rig/host/build_context.h"
#include "rig/hypervisor/qemu_hypervisor.h"

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace rig {

// The major version: 10 for "QEMU emulator version 10.0.2 (Debian ...)"; 0 if there is no such
// number.
unsigned qemu_major(std::string_view version);

// Whether rig must fetch another QEMU, given the output of `arch.qemu --version` ("" if it is
// missing).
bool needs_fetched_qemu(const Arch& arch, std::string_view version);

class Emulators {
 public:
    explicit Emulators(BuildContext context) : context_(context) {}

    // The host's QEMU, or the one in the cache (packages/), which is fetched when it is first
    // needed. Call this before each boot, because the cache may be pruned between two; one process
    // never gets two different versions. Thread-safe. FaultDomain::Host if there is no suitable
    // QEMU, if the host's does not report its version (killed, timed out, could not be started), or
    // if fetching it again gives another version than before.
    Result<Emulator> of(const Arch& arch);

 private:
    BuildContext context_;
    std::mutex mutex_;
    std::map<std::string, Emulator> first_; // by architecture
};

} // namespace rig
