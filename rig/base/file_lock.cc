// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/file_lock.h"

#include "rig/base/files.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <tuple>
#include <unistd.h>

namespace rig {

namespace fs = std::filesystem;

namespace {

// How often lock_run() tries again. has_writer() holds the lock only for an instant, but on a busy
// host that instant can be long.
constexpr unsigned kGlances = 50;
constexpr std::chrono::milliseconds kGlance(2);

} // namespace

unsigned shared_permissions(const fs::path& folder) {
    struct stat info {};
    return ::stat(folder.c_str(), &info) == 0 ? info.st_mode & 077 : 0;
}

bool of_another_user(const fs::path& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && info.st_uid != ::geteuid();
}

int open_lock_file(const fs::path& file) {
    // Without O_CREAT first: in a folder with the sticky bit the kernel refuses it for another
    // user's file (fs.protected_regular).
    int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == EACCES) fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT) return fd;
    fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    // Fails if another user created it just now, who sets its permissions himself.
    if (fd >= 0) std::ignore = ::fchmod(fd, 0600 | (shared_permissions(file.parent_path()) & 066));
    return fd;
}

Result<int> lock_run(const fs::path& dir) {
    auto file = dir / "lock";
    int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return cannot("open", file, errno);
    int taken = ::flock(fd, LOCK_EX | LOCK_NB);
    // has_writer() of another process may hold the lock for an instant.
    for (unsigned again = 0; taken != 0 && errno == EWOULDBLOCK && again < kGlances; ++again) {
        std::this_thread::sleep_for(kGlance);
        taken = ::flock(fd, LOCK_EX | LOCK_NB);
    }
    if (taken != 0) {
        int error = errno;
        ::close(fd);
        if (error != EWOULDBLOCK) return cannot("lock", file, error);
        auto pid = slurp(file);
        while (!pid.empty() && (pid.back() < '0' || pid.back() > '9'))
            pid.pop_back();
        return fail(FaultDomain::Host,
                    fmt::format("{}: another rig (pid {}) is writing this run, want one writer",
                                dir.string(), pid.empty() ? "unknown" : pid),
                    dir);
    }
    const auto pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(fd, 0) != 0 ||
        ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        const int unwritable = errno;
        ::close(fd);
        return cannot("write", file, unwritable);
    }
    return fd;
}

bool has_writer(const fs::path& dir) {
    const int fd = ::open((dir / "lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool held = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(fd);
    return held;
}

Result<FileLock> lock_out_writers(const fs::path& dir) {
    RIG_TRY(fd, lock_run(dir));
    return FileLock(fd);
}

} // namespace rig
