#include "rig/host/cpu_claim.h"

#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rig {

std::filesystem::path cpu_claims() {
    const char* temporary = std::getenv("TMPDIR");
    return std::filesystem::path(temporary && *temporary ? temporary : "/tmp") / fmt::format("rig-cpus-{}", ::getuid());
}

CpuClaim::CpuClaim(const std::filesystem::path& folder) {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    ::mkdir(folder.c_str(), 0700);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &allowed)) continue;
        // O_NOFOLLOW: in a folder where others may write, a name may be made to point elsewhere.
        const int fd = ::open((folder / std::to_string(cpu)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) return;
        FileLock lock(fd);
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (::sched_setaffinity(0, sizeof one, &one) != 0) return;
        lock_ = std::move(lock);
        cpu_ = cpu;
        return;
    }
}

} // namespace rig
