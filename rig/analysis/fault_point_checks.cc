// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/fault_point_checks.h"

#include "rig/analysis/kernel_checks.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

using Faults = std::vector<const FaultSpec*>;

// Of a sample without the point, nothing was counted there.
const FaultCounts& counts_of(const Sample& sample, const std::string& point) {
    static const FaultCounts none;
    const auto found = sample.faults.find(point);
    return found == sample.faults.end() ? none : found->second;
}

// "failslab 40 in each of 2 boots, fail_futex 3..4 in 2 boots".
std::string found_at(const Faults& faults, const Boots& boots) {
    std::vector<std::string> out;
    for (const auto* fault : faults)
        out.push_back(fmt::format("{} {}", fault->point, range(boots, [&](const Sample& s) {
                                      return counts_of(s, fault->point).injections;
                                  })));
    return fmt::format("{}", fmt::join(out, ", "));
}

// What is wrong at the first point where anything is; `wrong` takes its counts.
template<class At> Wrong first_wrong(const Faults& faults, const Sample& sample, At wrong) {
    for (const auto* fault : faults)
        if (const auto what = wrong(*fault, counts_of(sample, fault->point)))
            return fmt::format("{}: {}", fault->point, *what);
    return {};
}

ValidityCheck check_options(const ArmEvidence& evidence, const Faults& faults) {
    ValidityCheck check{"fault_options", "the kernel has the fault points", true, "", ""};
    std::vector<std::string> right, wrong;
    for (const auto* fault : faults)
        for (const auto& name : fault->options()) {
            const auto value = kernel_option(evidence.kernel, name);
            const auto& point = fault_point_named(fault->point);
            if (value == "y") {
                if (auto set = fmt::format("CONFIG_{}=y", name);
                    std::ranges::find(right, set) == right.end())
                    right.push_back(std::move(set));
                continue;
            }
            if (std::ranges::find(point.task_filter_options, name) !=
                point.task_filter_options.end())
                check.reason = point.without_task_filter;
            wrong.push_back(fmt::format("CONFIG_{}={}, want y for {}", name,
                                        value.empty() ? "unknown" : value, fault->point));
        }
    check.passed = wrong.empty();
    check.found = fmt::format("{}", fmt::join(check.passed ? right : wrong, "; "));
    if (!check.passed && check.reason.empty())
        check.reason = evidence.kernel.config_known
                           ? "add configs/kernel/fault-injection.config and "
                             "configs/kernel/fault-points.config to kernel.fragments"
                           : "no .config came with this image: name it in the arm's key `config`";
    return check;
}

std::string why_none_at(const FaultSpec& fault) {
    const auto& point = fault_point_named(fault.point);
    if (point.why_none)
        if (auto why = point.why_none(fault.values, fault.point + ": "); !why.empty()) return why;
    if (fault.times == 0) return fault.point + ": times = 0 allows no injection";
    if (fault.probability < 100)
        return fmt::format("{}: probability = {} may let all of a few calls pass", fault.point,
                           fault.probability);
    if (fault.space > 0)
        return fmt::format("{}: space = {} lets the first calls pass", fault.point, fault.space);
    if (point.likely_why_none)
        if (auto why = point.likely_why_none(fault.values, fault.point + ": "); !why.empty())
            return why;
    return fault.pinned() ? fmt::format("the workload reaches no {} below {}() (inlined, or too "
                                        "deep for the stack filter)",
                                        point.what, fault.function)
                          : fmt::format("the workload's tasks reach no {}", point.what);
}

} // namespace

void check_faults_apart(const ArmEvidence& evidence, const Boots& boots,
                        std::vector<ValidityCheck>& checks) {
    const auto faults = evidence.spec.enabled_faults();
    checks.push_back(check_options(evidence, faults));
    checks.push_back(over_boots(
        {"injections", "calls were made to fail at each fault point in every boot", true,
         found_at(faults, boots), ""},
        boots,
        [&](const Sample& s) {
            return first_wrong(faults, s, [](const FaultSpec&, const FaultCounts& c) {
                return c.injections > 0 ? Wrong{} : Wrong{"0 injections, want > 0"};
            });
        },
        [&](const Sample& s) -> std::string {
            for (const auto* fault : faults)
                if (counts_of(s, fault->point).injections == 0) return why_none_at(*fault);
            return "";
        }));
    checks.push_back(over_boots(
        {"faults_reconcile", "injections = failed calls that perf counted, at each fault point",
         true, found_at(faults, boots), ""},
        boots,
        [&](const Sample& s) {
            return first_wrong(faults, s, [](const FaultSpec&, const FaultCounts& c) -> Wrong {
                if (c.injections == c.failed) return {};
                return fmt::format("{} injections, {} failed calls, want both equal", c.injections,
                                   c.failed);
            });
        },
        [&](const Sample& s) -> std::string {
            for (const auto* fault : faults) {
                const auto& c = counts_of(s, fault->point);
                if (c.injections == c.failed) continue;
                if (c.failed > c.injections)
                    return "calls failed that were not injected, or fault.times is used up";
                if (!fault->task_filter)
                    return "task-filter = false: calls failed outside of the workload, which "
                           "perf does not count";
                const auto decides =
                    probe_of(fault_point_named(fault->point), fault->values).function;
                return c.failed == 0
                           ? fmt::format(
                                 "perf cannot see what fails there: the probe on {}() never "
                                 "matched, most likely because the compiler inlined the "
                                 "function into its callers",
                                 decides)
                           : fmt::format("the probe on {}() missed some: the compiler may have "
                                         "inlined the function into some of its callers",
                                         decides);
            }
            return "";
        }));
    checks.push_back(over_boots(
        {"failure_sites", "every failure was below the function that its fault names", true,
         found_at(faults, boots), ""},
        boots,
        [&](const Sample& s) {
            return first_wrong(faults, s,
                               [](const FaultSpec& fault, const FaultCounts& c) -> Wrong {
                                   if (!fault.pinned() || c.below == c.failed) return {};
                                   return fmt::format("{} of {} failed calls below {}(), want all",
                                                      c.below, c.failed, fault.function);
                               });
        },
        [](const Sample&) {
            return "perf recorded no usable callchain (CONFIG_UNWINDER_FRAME_POINTER is wanted), "
                   "or "
                   "the function at the end of the range is a tail call";
        }));
}

} // namespace rig
