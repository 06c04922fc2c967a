// SPDX-License-Identifier: GPL-2.0-or-later
// Names of the system calls that may block a task for long, on the guest's architecture.
#pragma once

#include <string>
#include <string_view>

namespace rig::guest {

// The name for the first word of /proc/PID/syscall: "61" -> "wait4". Returns any other text
// unchanged.
std::string system_call_name(std::string_view number);

} // namespace rig::guest
