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

// Opens a file for flock(2), and creates it if necessary; -1 with errno on failure. A new file is
// as accessible for group and others as its folder, whatever the umask. The file of another user
// may be opened for reading only, which is enough for a lock except on NFS.
int open_lock_file(const std::filesystem::path& file);

// The permissions of a folder for group and others (mode & 077); 0 if it is missing.
unsigned shared_permissions(const std::filesystem::path& folder);

// Whether the file or folder belongs to another user. False if it is missing.
bool of_another_user(const std::filesystem::path& path);

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
