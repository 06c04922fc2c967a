// One CPU of this host for this process, among processes that do not know of each other: tasks of a cluster whose configuration does not
// bind them would all take the first one (HostCpu counts the guests of one process only).
#pragma once

#include "rig/file_lock.h"

#include <filesystem>

namespace rig {

class CpuClaim {
 public:
    // Binds the calling thread, and what it starts, to the first CPU it may use that no other claim in `folder` holds; to none if all are
    // held, or the folder cannot be written. Held by a flock(2) until the end of its scope.
    explicit CpuClaim(const std::filesystem::path& folder);
    int number() const { return cpu_; } // -1: none

 private:
    FileLock lock_;
    int cpu_ = -1;
};

// In TMPDIR (else /tmp), one a user.
std::filesystem::path cpu_claims();

} // namespace rig
