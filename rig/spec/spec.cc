// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/spec.h"

#include <algorithm>

namespace rig {

const Arm* Spec::find_arm(std::string_view wanted) const {
    auto found =
        std::find_if(arms.begin(), arms.end(), [&](const Arm& arm) { return arm.name == wanted; });
    return found == arms.end() ? nullptr : &*found;
}

std::vector<std::string> FaultSpec::functions() const {
    auto all = functions_named(fault_point_named(point), values);
    all.insert(all.begin(), {function, last, reject, last_rejected});
    std::vector<std::string> out;
    for (auto& one : all)
        if (!one.empty() && std::find(out.begin(), out.end(), one) == out.end())
            out.push_back(std::move(one));
    return out;
}

std::vector<std::string> FaultSpec::options() const {
    const auto& declared = fault_point_named(point);
    auto out = declared.options;
    if (task_filter)
        out.insert(out.end(), declared.task_filter_options.begin(),
                   declared.task_filter_options.end());
    if (pinned() || !reject.empty()) out.emplace_back("FAULT_INJECTION_STACKTRACE_FILTER");
    return out;
}

std::vector<const FaultSpec*> Spec::enabled_faults() const {
    std::vector<const FaultSpec*> out;
    for (const auto& fault : faults)
        if (fault.enabled) out.push_back(&fault);
    return out;
}

std::vector<std::string> Spec::fault_functions() const {
    std::vector<std::string> out;
    for (const auto* fault : enabled_faults()) {
        auto names = fault->functions();
        if (!failures_hit_target())
            names.push_back(probe_of(fault_point_named(fault->point), fault->values).function);
        for (auto& name : names)
            if (std::find(out.begin(), out.end(), name) == out.end())
                out.push_back(std::move(name));
    }
    return out;
}

bool Spec::injects() const {
    return !enabled_faults().empty();
}

bool Spec::failures_hit_target() const {
    return !faults_listed && faults.front().point == standard_fault_point().name;
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
