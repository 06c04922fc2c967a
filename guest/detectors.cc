// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/detectors.h"

#include "guest/files.h"
#include "guest/protocol/protocol.h"

#include <algorithm>

namespace rig::guest {
namespace {

// The files of 6.12 through which a detector that rig reads can be turned off or slowed down. The
// console's log level (kernel.printk) is not among them: kLastWords and the kernel log cover that.
constexpr const char* kSysctls[] = {"watchdog",
                                    "soft_watchdog",
                                    "nmi_watchdog",
                                    "watchdog_thresh",
                                    "watchdog_cpumask",
                                    "hung_task_warnings",
                                    "hung_task_timeout_secs",
                                    "hung_task_check_count",
                                    "hung_task_check_interval_secs",
                                    "prove_locking"};
constexpr const char* kParameters[][2] = {{"rcupdate", "rcu_cpu_stall_suppress"},
                                          {"rcupdate", "rcu_cpu_stall_timeout"},
                                          {"rcupdate", "rcu_exp_cpu_stall_timeout"},
                                          {"rcupdate", "rcu_task_stall_timeout"},
                                          {"rcutree", "csd_lock_suppress_rcu_stall"},
                                          {"workqueue", "watchdog_thresh"},
                                          {"kfence", "sample_interval"}};

void add(std::vector<DetectorSwitch>& all, const std::string& name, const std::string& path) {
    DetectorSwitch one{name, ""};
    if (!read_file(path, one.value)) return;
    while (!one.value.empty() && (one.value.back() == '\n' || one.value.back() == ' '))
        one.value.pop_back();
    std::replace(one.value.begin(), one.value.end(), '\n', ' ');
    all.push_back(std::move(one));
}

} // namespace

std::vector<DetectorSwitch> detector_switches() {
    std::vector<DetectorSwitch> all;
    for (const char* name : kSysctls)
        add(all, std::string("kernel.") + name, std::string("/proc/sys/kernel/") + name);
    for (const auto& [module, name] : kParameters)
        add(all, std::string(module) + "." + name,
            std::string("/sys/module/") + module + "/parameters/" + name);
    std::string kcsan; // "enabled: 1", followed by counters
    if (read_file("/sys/kernel/debug/kcsan", kcsan))
        all.push_back({"kcsan", kcsan.substr(0, kcsan.find('\n'))});
    // lockdep turns itself off after its first report, and when its tables are full.
    std::string stats;
    constexpr const char* key = "debug_locks:";
    if (read_file("/proc/lockdep_stats", stats))
        if (const auto at = stats.find(key); at != stats.npos) {
            const auto from =
                stats.find_first_not_of(' ', at + std::char_traits<char>::length(key));
            all.push_back(
                {"lockdep.debug_locks",
                 from == stats.npos ? "" : stats.substr(from, stats.find('\n', from) - from)});
        }
    return all;
}

std::string detector_report(const std::vector<DetectorSwitch>& before,
                            const std::vector<DetectorSwitch>& after) {
    std::string text;
    for (const auto& was : before) {
        const auto is = std::find_if(after.begin(), after.end(), [&](const DetectorSwitch& one) {
            return one.name == was.name;
        });
        text += was.name + " " + was.value;
        if (is == after.end())
            text += std::string(kThrown) + "gone";
        else if (is->value != was.value)
            text += kThrown + is->value;
        text += "\n";
    }
    return text;
}

} // namespace rig::guest
