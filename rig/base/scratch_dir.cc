// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/scratch_dir.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
constexpr const char* kPrefix = "rig-scratch-";

fs::path parent() {
    const char* tmp = std::getenv("TMPDIR");
    return tmp && *tmp ? tmp : "/tmp";
}

// Locks the file `lock` of the folder and returns its descriptor; -1 if another process holds the
// lock.
int take(const fs::path& dir, int flags) {
    const int fd = ::open((dir / "lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    if (fd >= 0) ::close(fd);
    return -1;
}

} // namespace

void remove_abandoned_scratch() {
    std::error_code ignored;
    for (fs::directory_iterator entry(parent(), ignored), end; !ignored && entry != end;
         entry.increment(ignored)) {
        const auto& dir = entry->path();
        struct stat about {};
        if (!dir.filename().string().starts_with(kPrefix) || ::lstat(dir.c_str(), &about) != 0 ||
            !S_ISDIR(about.st_mode) || about.st_uid != ::geteuid())
            continue;
        // A folder without the file `lock` is just being created, or was never used: leave it.
        const int lock = take(dir, 0);
        if (lock < 0) continue;
        std::error_code gone;
        fs::remove_all(dir, gone);
        ::close(lock);
    }
}

Scratch::Scratch() {
    auto pattern = (parent() / kPrefix).string() + "XXXXXX";
    if (!::mkdtemp(pattern.data())) {
        error_ = errno;
        return;
    }
    lock_ = take(pattern, O_CREAT);
    if (lock_ < 0) error_ = errno;
    // If this failed, another rig took the folder for abandoned at this very moment, and removes
    // it.
    if (lock_ >= 0) dir_ = pattern;
}

Status Scratch::made() const {
    if (!dir_.empty()) return {};
    return fail(FaultDomain::Host,
                fmt::format("cannot make a scratch folder in {}: {}; set TMPDIR to "
                            "one that can be written",
                            parent().string(), std::strerror(error_)));
}

Scratch::~Scratch() {
    std::error_code ignored;
    if (!dir_.empty()) fs::remove_all(dir_, ignored);
    if (lock_ >= 0) ::close(lock_);
}

} // namespace rig
