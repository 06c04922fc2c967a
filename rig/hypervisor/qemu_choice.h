// SPDX-License-Identifier: GPL-2.0-or-later
// Which QEMU runs guests of an architecture: the host's, or one that rig fetches where the host's
// is too old.
#pragma once

#include "rig/host/build_context.h"
#include "rig/hypervisor/qemu_hypervisor.h"

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace rig {

// 10 in "QEMU emulator version 10.0.2 (Debian ...)"; 0 where there is no such number.
unsigned qemu_major(std::string_view version);

// By what `arch.qemu --version` prints ("" where there is none): whether rig fetches another.
bool needs_fetched_qemu(const Arch& arch, std::string_view version);

class Emulators {
 public:
    explicit Emulators(BuildContext context) : context_(context) {}

    // The host's, or the one in the cache (packages/), which is fetched when it is first wanted.
    // Asked before each boot, since the cache may be pruned between two; one process never gets two
    // different ones. Thread-safe. FaultDomain::Host where there is none to be had, where the
    // host's does not say what it is (a signal, a time-out, no process to be had), and where what
    // is fetched again is another version than before.
    Result<Emulator> of(const Arch& arch);

 private:
    BuildContext context_;
    std::mutex mutex_;
    std::map<std::string, Emulator> first_; // by architecture
};

} // namespace rig
