// SPDX-License-Identifier: GPL-2.0-or-later
// A flock(2) that is released at the end of its scope, or when the process dies, however that
// happens. A process that writes a run's folder locks the file `lock` in that folder.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <unistd.h>
#include <utility>

namespace rig {

class FileLock {
 public:
    FileLock() = default;
    explicit FileLock(int fd)
        : fd_(fd) {} // takes over an open file that is locked already, or will be
    FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    int fd() const { return fd_; } // -1 if there is none
    ~FileLock() {
        if (fd_ >= 0) ::close(fd_);
    }

 private:
    int fd_ = -1;
};

// Whether a process is writing this run. The check holds a shared lock for an instant; a writer
// that starts at that moment waits for it (see lock_run()).
bool has_writer(const std::filesystem::path& dir);

// Locks the file `lock` of `dir`, writes this process's pid into it, and returns its descriptor.
// Closing the descriptor releases the lock. If another process writes this run: FaultDomain::Host,
// naming its pid.
Result<int> lock_run(const std::filesystem::path& dir);

// Keeps writers out of a run while the result lives. If the run has a writer: FaultDomain::Host,
// naming its pid.
Result<FileLock> lock_out_writers(const std::filesystem::path& dir);

} // namespace rig
