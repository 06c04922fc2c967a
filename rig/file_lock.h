// A flock(2) that ends with its scope, or with the process, whatever kills it.
#pragma once

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

} // namespace rig
