// SPDX-License-Identifier: GPL-2.0-or-later
// What of a running guest's comes as files, for both hypervisor adapters: the channel, read as it
// grows, and the console's size.
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
    // Makes both, so that they can be read from the start; QEMU, or virtlogd for it, truncates
    // them. A request without a channel or console has none.
    GuestFiles(const BootRequest& request, const std::function<bool(std::string_view)>& on_bytes);
    GuestFiles(const GuestFiles&) = delete;
    GuestFiles& operator=(const GuestFiles&) = delete;

    Status made() const; // FaultDomain::Host

    // Hands on what came since the last time; false: `on_bytes` called it a violation.
    bool read();
    bool flooded() const; // the console is beyond kMaxConsole
    // The kernel halted for good: its last word on the console says so, and a second has passed
    // without another. A kernel that cannot power off (x86 without ACPI) halts instead, which QEMU
    // does not notice.
    bool halted();
    // virtlogd keeps 2 MiB of a file and begins another: the console is then in pieces.
    bool rotated() const;

 private:
    const BootRequest& request_;
    const std::function<bool(std::string_view)>& on_bytes_;
    std::ifstream channel_;
    std::array<char, 65536> buffer_{};
    std::uintmax_t console_size_ = 0; // when halted() looked last, and since when it is so
    std::chrono::steady_clock::time_point console_since_{};
    bool says_halted_ = false;
};

} // namespace rig
