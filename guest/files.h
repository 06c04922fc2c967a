// SPDX-License-Identifier: GPL-2.0-or-later
// Small file helpers of the agent. All errors are return values, because PID 1 must never die.
#pragma once

#include <string>
#include <string_view>

namespace rig::guest {

bool read_file(const std::string& path, std::string& out); // false: see errno
// Uses a single write(2), as sysfs and debugfs require.
bool write_file(const std::string& path, std::string_view text);
bool copy_file(const std::string& from,
               const std::string& to); // reads to the end, whatever size `from` reports
bool append_line(const std::string& path, std::string_view line); // for kprobe_events
// The file's last bytes; empty if there is no such file.
std::string tail(const std::string& path, std::size_t most = 600);
std::string errno_text(const std::string& what); // "what: No such file or directory"

} // namespace rig::guest
