// SPDX-License-Identifier: GPL-2.0-or-later
// Names of the system calls in which a task can be for long, on the guest's architecture.
#pragma once

#include <string>
#include <string_view>

namespace rig::guest {

// Of what /proc/PID/syscall begins with: "61" -> "wait4". What is no such number stays as it is.
std::string system_call_name(std::string_view number);

} // namespace rig::guest
