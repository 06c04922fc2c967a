// Which QEMU runs guests of an architecture: the host's, or one that rig fetches where the host's is too old.
#pragma once

#include "rig/kernel_build.h"

#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace rig {

// 10 in "QEMU emulator version 10.0.2 (Debian ...)"; 0 where there is no such number.
unsigned qemu_major(std::string_view version);

// In what `arch.qemu --version` printed first ("" where there is none): whether rig fetches another.
bool needs_fetched_qemu(const Arch& arch, std::string_view version);

class Emulators {
 public:
    explicit Emulators(BuildContext context) : context_(context) {}

    // To execute: a name to be found in PATH, or the path of the one in the cache (packages/), fetched when it is first wanted. It is asked
    // before each boot, since the cache may be pruned between two. Blame::Host where there is none to be had. Thread-safe.
    Result<std::string> program(const Arch& arch);

 private:
    BuildContext context_;
    std::mutex mutex_;
    std::set<std::string> hosts_will_do_; // architectures; the host's is asked once
};

} // namespace rig
