// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log from /dev/kmsg, independent of what the console was set to show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rig::guest {

// Bytes of text; later records count as overwritten.
inline constexpr std::size_t kMaxKernelLog = 16u << 20;

// Converts records of /dev/kmsg into lines as on the console ("[   12.345678][   T44] text"). The
// kernel's debug messages are left out, because the console does not show them by default. Lines
// written by a program are marked with kUserSpace. Missing sequence numbers leave the line
// kLogOverran.
class KernelLogText {
 public:
    void add(std::string_view record); // the result of one read() of /dev/kmsg
    void mark_lost();
    const std::string& text() const { return text_; }

 private:
    std::string text_;
    std::uint64_t expected_ = 0; // the next sequence number
};

class KernelLog {
 public:
    // Starts at the oldest record that still exists. `dmesg -C` does not remove later ones from
    // this view.
    KernelLog();
    ~KernelLog();
    KernelLog(const KernelLog&) = delete;
    KernelLog& operator=(const KernelLog&) = delete;

    std::string read(); // up to the newest record; empty if the log cannot be read

 private:
    int fd_ = -1;
};

} // namespace rig::guest
