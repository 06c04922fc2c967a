// SPDX-License-Identifier: GPL-2.0-or-later
// Small file helpers of the agent. All errors are reported by value: PID 1 must never die.
#pragma once

#include <string>
#include <string_view>

namespace rig::guest {

bool read_file(const std::string& path, std::string& out); // false: errno tells
bool write_file(const std::string& path,
                std::string_view text); // one write(2), as sysfs and debugfs want
bool copy_file(const std::string& from, const std::string& to); // whatever `from` says of its size
bool append_line(const std::string& path, std::string_view line); // for kprobe_events
std::string tail(const std::string& path,
                 std::size_t most = 600);        // the file's last bytes; empty if there is none
std::string errno_text(const std::string& what); // "what: No such file or directory"

} // namespace rig::guest
