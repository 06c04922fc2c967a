#include "rig/host/host_cpu.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>

namespace rig {

HostCpu::HostCpu() {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    const std::lock_guard guard(mutex);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &allowed) && (cpu_ < 0 || guests[cpu] < guests[cpu_])) cpu_ = cpu;
    if (cpu_ >= 0) ++guests[cpu_];
}

HostCpu::~HostCpu() {
    const std::lock_guard guard(mutex);
    if (cpu_ >= 0) --guests[cpu_];
}

void HostCpu::bind() const {
    cpu_set_t one;
    CPU_ZERO(&one);
    if (cpu_ >= 0) CPU_SET(cpu_, &one), ::sched_setaffinity(0, sizeof one, &one);
    const sched_param lowest{1};
    ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest); // its threads start without
}

// The second field of schedstat: nanoseconds on a run queue (Documentation/scheduler/sched-stats.rst). 0 where the host's
// kernel keeps no such figure.
double starved_seconds(pid_t pid) {
    double longest = 0;
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
        std::ifstream in(task.path() / "schedstat");
        double ran = 0, waited = 0;
        if (in >> ran >> waited) longest = std::max(longest, waited / 1e9);
    }
    return longest;
}

} // namespace rig
