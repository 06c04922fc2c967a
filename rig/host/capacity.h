// SPDX-License-Identifier: GPL-2.0-or-later
// What of the host this process may use: CPUs by affinity and control group, memory by what is free
// and by control group.
#pragma once

#include "rig/host/cpu_allocation.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rig {

// CPUs that this process may run on, ascending; empty if the kernel does not say.
std::vector<int> allowed_cpus();

// Control groups of both versions as Documentation/admin-guide/cgroup-v2.rst and
// cgroup-v1/{memory,../scheduler/sched-bwc}.rst have them, each from this process's own up to the
// root: the tightest counts. Page cache that can go (inactive_file) does not count as used. `root`:
// in whose proc/ and sys/ is read.
HostCapacity host_capacity(const std::filesystem::path& root = "/");

// The kernel's name for the time since this host was started; another one after each start. Empty
// if the kernel does not say.
std::string host_boot_id();

} // namespace rig
