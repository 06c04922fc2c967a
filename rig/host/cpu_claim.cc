// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/cpu_claim.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <sys/file.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

// Opens the lock file read-only, which is enough for flock(2). Without O_CREAT first: in a shared
// folder the kernel refuses O_CREAT for another user's file (fs.protected_regular).
int open_lock(int folder, int cpu) {
    const auto name = fmt::format("cpu-{}", cpu);
    for (int attempt = 0; attempt < 2; ++attempt) { // another rig may create it in between
        int fd = ::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT) {
            fd = ::openat(folder, name.c_str(),
                          O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
            if (fd >= 0) std::ignore = ::fchmod(fd, 0444); // despite the umask
        }
        if (fd >= 0) return fd;
    }
    return -1;
}

} // namespace

Result<CpuClaim> CpuClaim::take(const fs::path& folder, const std::vector<int>& cpus,
                                std::size_t wanted, std::size_t least, Company company) {
    const auto error = [&](const char* what) {
        return fail(
            FaultDomain::Host,
            fmt::format(
                "cannot {} {}, where rigs of a host tell each other which CPUs they measure on: {}",
                what, folder.string(), std::strerror(errno)));
    };
    if (::mkdir(folder.c_str(), 0700) == 0) {
        if (::chmod(folder.c_str(), 01777) != 0) return error("open to all"); // despite the umask
    } else if (errno != EEXIST)
        return error("make");
    const FileLock dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (dir.fd() < 0) return error("open");

    std::map<int, FileLock> open;
    for (const int cpu : cpus) {
        const int fd = open_lock(dir.fd(), cpu);
        if (fd < 0) return error("open a lock in");
        open.emplace(cpu, FileLock(fd));
    }
    CpuClaim claim;
    std::vector<int> others;
    const auto lock = [&](int cpu, int operation) {
        return ::flock(open.at(cpu).fd(), operation | LOCK_NB) == 0;
    };
    for (const int cpu : cpus) {
        if (claim.cpus_.size() == wanted) break;
        // A shared claim admits others at once. The two calls are not atomic: an exclusive claim
        // may come in between.
        if (lock(cpu, LOCK_EX) && (company == Company::Alone || lock(cpu, LOCK_SH)))
            claim.cpus_.push_back(cpu);
        else
            others.push_back(cpu);
    }
    // Rigs that share should not all take the first CPU.
    std::rotate(others.begin(),
                others.begin() +
                    (others.empty() ? 0 : ::getpid() % static_cast<pid_t>(others.size())),
                others.end());
    if (company == Company::Beside)
        for (const int cpu : others)
            if (claim.cpus_.size() < wanted && lock(cpu, LOCK_SH)) claim.cpus_.push_back(cpu);
    if (claim.cpus_.size() < least) return CpuClaim();
    std::sort(claim.cpus_.begin(), claim.cpus_.end());
    for (const int cpu : claim.cpus_)
        claim.locks_.push_back(std::move(open.at(cpu)));
    return claim;
}

fs::path cpu_claim_folder(const fs::path& cache) {
    if (::access("/run/lock", W_OK | X_OK) == 0) return "/run/lock/rig-cpus";
    if (const char* own = std::getenv("XDG_RUNTIME_DIR");
        own && *own && ::access(own, W_OK | X_OK) == 0)
        return fs::path(own) / "rig-cpus";
    char host[256] = {}; // several hosts may share a cache
    return cache / fmt::format("rig-cpus-{}",
                               ::gethostname(host, sizeof host - 1) == 0 ? host : "localhost");
}

} // namespace rig
