// SPDX-License-Identifier: GPL-2.0-or-later
// Which resources of the host this process may use: CPUs by affinity and control group, memory by
// what is free and by control group.
#pragma once

#include "rig/host/cpu_allocation.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rig {

// CPUs that this process may run on, ascending; empty if the kernel does not report them.
std::vector<int> allowed_cpus();

// Reads control groups of both versions, as described in Documentation/admin-guide/cgroup-v2.rst
// and cgroup-v1/{memory,../scheduler/sched-bwc}.rst. Of all groups from this process's own up to
// the root the tightest limit counts. Reclaimable page cache (inactive_file) does not count as
// used. `root` is the folder whose proc/ and sys/ are read.
HostCapacity host_capacity(const std::filesystem::path& root = "/");

// The kernel's boot ID of the host, which is new after each start. Empty if the kernel does not
// report it.
std::string host_boot_id();

} // namespace rig
