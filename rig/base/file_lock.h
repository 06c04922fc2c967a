// SPDX-License-Identifier: GPL-2.0-or-later
// A flock(2) that ends with its scope, or with the process, whatever kills it; and the one on the
// file `lock` of a folder, which whoever writes that folder holds.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <unistd.h>
#include <utility>

namespace rig {

class FileLock {
 public:
    FileLock() = default;
    explicit FileLock(int fd) : fd_(fd) {} // an open file that is locked already, or is to be
    FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    int fd() const { return fd_; } // -1: none
    ~FileLock() {
        if (fd_ >= 0) ::close(fd_);
    }

 private:
    int fd_ = -1;
};

// Is somebody writing this run? Looks at the flock without taking the run from anyone (a writer
// that comes at the same moment waits).
bool has_writer(const std::filesystem::path& dir);

// The open file `lock` of `dir`, locked, with this process's pid in it; who closes it frees the
// lock. FaultDomain::Host, with its pid, if there is another writer.
Result<int> lock_run(const std::filesystem::path& dir);

// Keeps writers out of a run. FaultDomain::Host, with its pid, if the run has one.
Result<FileLock> lock_out_writers(const std::filesystem::path& dir);

} // namespace rig
