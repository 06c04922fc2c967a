// SPDX-License-Identifier: GPL-2.0-or-later
// A program of the guest, in a child process of a workload.
#pragma once

#include <string>
#include <vector>

namespace rig::guest {

// Replaces this process by the program: in /tmp, with PATH=/bin, without input, and with its output
// appended to the file `output`. If that fails, it prints why and exits with 127.
[[noreturn]] void become(const std::vector<std::string>& command, const std::string& output);

} // namespace rig::guest
