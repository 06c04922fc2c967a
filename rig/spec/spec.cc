// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/spec.h"

#include <algorithm>

namespace rig {

const Arm* Spec::find_arm(std::string_view wanted) const {
    auto found =
        std::find_if(arms.begin(), arms.end(), [&](const Arm& arm) { return arm.name == wanted; });
    return found == arms.end() ? nullptr : &*found;
}

unsigned default_memory_mib(unsigned vcpus) {
    constexpr unsigned kOfEach = 32; // 512 MiB for 16
    return std::max(vcpus, kOrdinaryVcpus) * kOfEach;
}

Spec Spec::for_arm(const Arm& arm) const {
    auto copy = *this;
    if (!arm.cmdline.empty())
        copy.guest.extra_cmdline += (copy.guest.extra_cmdline.empty() ? "" : " ") + arm.cmdline;
    return copy;
}

bool Requirements::empty() const {
    return cpu_flags.empty() && files.empty() && tracepoints.empty() && options.empty() &&
           vcpus == 0;
}

std::vector<std::pair<std::string, std::string>> Requirements::of_guest() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [what, names] :
         {std::pair{"CPU flag", &cpu_flags}, {"file", &files}, {"tracepoint", &tracepoints}})
        for (const auto& name : *names)
            out.emplace_back(what, name);
    return out;
}

bool higher_is_better(const MetricSpec& metric) {
    return metric.custom ? metric.custom->per_second : metric.name == "bystander_user_work";
}

} // namespace rig
