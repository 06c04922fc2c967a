// SPDX-License-Identifier: GPL-2.0-or-later
// Follows the two files that a running guest writes: the channel, read as it grows, and the console
// log. Used by both hypervisor backends.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string_view>

namespace rig {

class GuestFiles {
 public:
    // Creates both files, so that they can be read from the start; QEMU, or virtlogd for it,
    // truncates them. A request may lack a channel or a console.
    GuestFiles(const BootRequest& request, const std::function<bool(std::string_view)>& on_bytes);
    GuestFiles(const GuestFiles&) = delete;
    GuestFiles& operator=(const GuestFiles&) = delete;

    Status made() const; // FaultDomain::Host

    // Passes on the bytes that arrived since the last call. False: `on_bytes` reported a violation.
    bool read();
    bool flooded() const; // the console log exceeds kMaxConsole
    // The kernel halted for good: its last console line is that it halted, and nothing followed for
    // a second. A kernel that cannot power off (x86 without ACPI) halts instead, which QEMU does
    // not notice.
    bool halted();
    // virtlogd starts a new file after 2 MiB: the console log is then split into several files.
    bool rotated() const;

 private:
    const BootRequest& request_;
    const std::function<bool(std::string_view)>& on_bytes_;
    std::ifstream channel_;
    std::array<char, 65536> buffer_{};
    std::uintmax_t console_size_ = 0; // at the last call of halted(); the next line: since when
    std::chrono::steady_clock::time_point console_since_{};
    bool says_halted_ = false;
};

} // namespace rig
