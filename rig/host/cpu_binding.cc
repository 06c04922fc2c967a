// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/cpu_binding.h"

#include "rig/host/capacity.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>

namespace rig {

namespace {

bool bind_to_one(pid_t thread, int cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return ::sched_setaffinity(thread, sizeof one, &one) == 0;
}

} // namespace

bool bind_to(pid_t thread, const std::vector<int>& cpus) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus)
        CPU_SET(cpu, &set);
    return ::sched_setaffinity(thread, sizeof set, &set) == 0;
}

HostCpu::HostCpu(const std::vector<int>& among) {
    const std::lock_guard guard(mutex);
    for (const int cpu : among.empty() ? allowed_cpus() : among)
        if (cpu_ < 0 || guests[cpu] < guests[cpu_]) cpu_ = cpu;
    if (cpu_ >= 0) ++guests[cpu_];
}

HostCpu::~HostCpu() {
    const std::lock_guard guard(mutex);
    if (cpu_ >= 0) --guests[cpu_];
}

void HostCpu::bind() const {
    if (cpu_ >= 0) bind_to_one(0, cpu_);
    const sched_param lowest{1};
    ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK,
                         &lowest); // not inherited by its threads
}

std::vector<int> cpus_of_vcpus(unsigned vcpus, const std::vector<int>& given) {
    if (given.size() <= vcpus) return {};
    return {given.begin(), given.begin() + vcpus};
}

bool pin_vcpus(pid_t qemu, const std::vector<int>& cpus) {
    std::size_t found = 0;
    std::error_code error;
    for (const auto& task :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", qemu), error)) {
        std::ifstream in(task.path() / "comm");
        std::string word;
        unsigned vcpu = 0;
        if (!(in >> word >> vcpu) || word != "CPU" || vcpu >= cpus.size()) continue;
        found += bind_to_one(static_cast<pid_t>(std::stol(task.path().filename())), cpus[vcpu]);
    }
    return found == cpus.size();
}

// The second field of schedstat is the time on a run queue in ns
// (Documentation/scheduler/sched-stats.rst). 0 if the host's kernel does not record it.
double starved_seconds(pid_t pid) {
    double longest = 0;
    std::error_code error;
    for (const auto& task :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
        std::ifstream in(task.path() / "schedstat");
        double ran = 0, waited = 0;
        if (in >> ran >> waited) longest = std::max(longest, waited / 1e9);
    }
    return longest;
}

} // namespace rig
