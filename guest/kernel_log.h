// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log as /dev/kmsg gives it, whatever the console was told to show of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rig::guest {

inline constexpr std::size_t kMaxKernelLog =
    16u << 20; // of text; what comes later counts as overwritten

// Records as /dev/kmsg prints them -> lines as the console does ("[   12.345678][   T44] text"),
// without the kernel's debug messages, which it does not show by default. What a program wrote is
// marked by kUserSpace. Sequence numbers that are missing leave the line kLogOverran.
class KernelLogText {
 public:
    void add(std::string_view record); // what one read() of /dev/kmsg gives
    void mark_lost();
    const std::string& text() const { return text_; }

 private:
    std::string text_;
    std::uint64_t expected_ = 0; // the next sequence number
};

class KernelLog {
 public:
    KernelLog(); // at the oldest record that is still there; later ones are not lost to `dmesg -C`
    ~KernelLog();
    KernelLog(const KernelLog&) = delete;
    KernelLog& operator=(const KernelLog&) = delete;

    std::string read(); // to the newest; empty if there is no log to read

 private:
    int fd_ = -1;
};

} // namespace rig::guest
