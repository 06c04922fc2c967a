// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/capacity.h"

#include "rig/base/files.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>
#include <sstream>

namespace rig {
namespace {

namespace fs = std::filesystem;

// The value after `key` in lines of the form "key value" or "key: value kB".
std::optional<std::uint64_t> value_of(const fs::path& file, const std::string& key) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string name;
        std::uint64_t value = 0;
        if (words >> name >> value && name == key) return value;
    }
    return std::nullopt;
}

std::optional<std::int64_t> number_in(const fs::path& file) {
    std::ifstream in(file);
    std::int64_t value = 0;
    if (in >> value) return value; // "max" means no limit
    return std::nullopt;
}

void take_quota(HostCapacity& out, double microseconds, double period) {
    if (microseconds <= 0 || period <= 0) return;
    out.quota = std::min(out.quota.value_or(microseconds / period), microseconds / period);
}

void look_at_cpu(HostCapacity& out, const fs::path& group) {
    std::ifstream v2(group / "cpu.max"); // "200000 100000", or "max 100000"
    double quota = 0, period = 0;
    if (v2 >> quota >> period) take_quota(out, quota, period);
    const auto v1 = number_in(group / "cpu.cfs_quota_us"),
               of = number_in(group / "cpu.cfs_period_us"); // -1: no limit
    if (v1 && of) take_quota(out, static_cast<double>(*v1), static_cast<double>(*of));
}

void look_at_memory(HostCapacity& out, const fs::path& group, const std::string& name) {
    for (const auto& [limit_file, used_file, cache_key] :
         {std::tuple{"memory.max", "memory.current", "inactive_file"},
          {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}}) {
        const auto limit = number_in(group / limit_file), used = number_in(group / used_file);
        if (!limit || !used) continue;
        const auto cache =
            static_cast<std::int64_t>(value_of(group / "memory.stat", cache_key).value_or(0));
        const auto left = static_cast<std::uint64_t>(
            std::max<std::int64_t>(0, *limit - std::max<std::int64_t>(0, *used - cache)));
        if (left >= out.memory) continue;
        out.memory = left;
        out.memory_limit = fmt::format("{} of the control group {}", limit_file, name);
    }
}

} // namespace

std::vector<int> allowed_cpus() {
    std::vector<int> cpus;
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
    return cpus;
}

HostCapacity host_capacity(const fs::path& root) {
    HostCapacity out;
    out.cpus = allowed_cpus();
    out.memory = value_of(root / "proc/meminfo", "MemAvailable:").value_or(0) * 1024;
    out.memory_limit = "MemAvailable";
    // Lines such as "4:memory:/a/b", or with version 2 "0::/a/b".
    std::ifstream groups(root / "proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        const auto first = line.find(':'), second = line.find(':', first + 1);
        if (first == line.npos || second == line.npos) continue;
        const auto controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const bool unified = controllers == ",,", cpu = controllers.find(",cpu,") != line.npos,
                   memory = controllers.find(",memory,") != line.npos;
        if (!unified && !cpu && !memory) continue;
        const auto mount =
            root / "sys/fs/cgroup" / (unified ? "" : controllers.substr(1, controllers.size() - 2));
        for (auto group = fs::path(line.substr(second + 1)).lexically_normal();;
             group = group.parent_path()) {
            const auto dir = mount / group.relative_path();
            if (unified || cpu) look_at_cpu(out, dir);
            if (unified || memory) look_at_memory(out, dir, group.string());
            if (!group.has_relative_path()) break;
        }
    }
    return out;
}

std::string host_boot_id() {
    std::ifstream in("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(in, id);
    return id;
}

} // namespace rig
