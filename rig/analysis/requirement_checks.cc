// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/requirement_checks.h"

#include "rig/analysis/kernel_checks.h"
#include "rig/guest_output/requirements.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>

namespace rig {
namespace {

// What this arm's kernel was built without.
std::vector<std::string> missing_options(const ArmEvidence& evidence) {
    std::vector<std::string> out;
    for (const auto& [name, want] : evidence.spec.required.options) {
        const auto value = kernel_option(evidence.kernel, name);
        if (value != want)
            out.push_back(fmt::format("CONFIG_{}={}, want {}", name,
                                      value.empty() ? "unknown" : value, want));
    }
    return out;
}

std::vector<std::string> missing_in(const Requirements& required, const Sample& sample) {
    std::vector<std::string> out;
    for (const auto& [what, name] : required.of_guest()) {
        const auto found = sample.requirements.find(requirement_key(what, name));
        if (found == sample.requirements.end())
            out.push_back(fmt::format("{} {} not looked up", what, name));
        else if (!found->second)
            out.push_back(fmt::format("no {} {}", what, name));
    }
    if (sample.cpus_online < required.vcpus)
        out.push_back(
            fmt::format("{} vCPUs, want at least {}", sample.cpus_online, required.vcpus));
    return out;
}

} // namespace

void check_requirements(const ArmEvidence& evidence, const Boots& boots,
                        std::vector<ValidityCheck>& checks) {
    const auto& required = evidence.spec.required;
    if (required.empty()) return;
    std::vector<std::string> names;
    for (const auto& [what, name] : required.of_guest())
        names.push_back(fmt::format("{} {}", what, name));
    for (const auto& [name, value] : required.options)
        names.push_back(fmt::format("CONFIG_{}={}", name, value));
    if (required.vcpus) names.push_back(fmt::format("{} vCPUs or more", required.vcpus));
    ValidityCheck check{"requires", "the guest has what the experiment requires", true,
                        fmt::format("{}", fmt::join(names, ", ")), ""};
    if (const auto options = missing_options(evidence); !options.empty()) {
        check.passed = false;
        check.found = fmt::format("{}", fmt::join(options, ", "));
        check.reason = "this kernel is built without what requires.options names";
        return checks.push_back(std::move(check));
    }
    checks.push_back(over_boots(
        std::move(check), boots,
        [&](const Sample& s) -> Wrong {
            const auto missing = missing_in(required, s);
            if (missing.empty()) return {};
            return fmt::format("{}", fmt::join(missing, ", "));
        },
        [&](const Sample& s) -> std::string {
            return fmt::format("a guest on {} does not have what the experiment is about, so that "
                               "no figure says anything about it: another accelerator, machine or "
                               "kernel option",
                               s.accelerator);
        }));
}

} // namespace rig
