// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/injection_checks.h"

#include "rig/analysis/fault_point_checks.h"
#include "rig/analysis/kernel_checks.h"

#include <cstdint>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>

namespace rig {
namespace {

std::string why_no_injection(const ArmEvidence& evidence, const Sample& s) {
    const auto& fault = evidence.spec.faults.front();
    const auto& point = fault_point_named(fault.point);
    if (point.why_none)
        if (const auto why = point.why_none(fault.values, "fault."); !why.empty())
            return why + workload_hint(evidence, HintFor::OrderTooHigh, &s);
    if (fault.times == 0) return "fault.times = 0 allows no injection";
    for (const auto& name : fault.options())
        if (kernel_option(evidence.kernel, name) == "n")
            return fmt::format("CONFIG_{}=n: the kernel cannot inject this", name);
    if (auto more = workload_hint(evidence, HintFor::NoInjection, &s); !more.empty()) return more;
    std::vector<std::string> causes;
    if (fault.pinned())
        causes.push_back(fmt::format(
            "the stack filter's range is not {}() (inlined, or System.map of another image)",
            fault.function));
    if (fault.task_filter) causes.push_back("make-it-fail was not set for the workload's task");
    const auto more = workload_hint(evidence, HintFor::NoInjectionCause, &s);
    causes.push_back(
        more.empty() ? fmt::format("{}() allocated nothing from the page allocator", fault.function)
                     : more);
    return fmt::format("{}", fmt::join(causes, "; or "));
}

std::string why_not_only_target(const ArmEvidence& evidence, const Sample& s) {
    if (!evidence.spec.faults.front().pinned())
        return "fault.stack_filter = false: every allocation of the task may fail" +
               workload_hint(evidence, HintFor::AnySite, &s);
    const auto& e = s.exercised;
    if (!evidence.spec.faults.front().task_filter && e.injections > e.target_hits)
        return "fault.task-filter = false: allocations failed outside the workload as well, whose "
               "effects are not told apart";
    if (e.target_hits > e.injections)
        return "allocations failed that were not injected: too little guest.memory_mib, or another "
               "way into the target";
    if (e.target_hits < e.injections)
        return "the stack filter let other call sites fail" +
               workload_hint(evidence, HintFor::OtherSites, &s);
    const auto& point = fault_point_named(evidence.spec.faults.front().point);
    return fmt::format("{}/times and the probe on {}() disagree: the probe missed some", point.name,
                       point.decides.function);
}

} // namespace

void check_faults(const ArmEvidence& evidence, const Boots& boots,
                  std::vector<ValidityCheck>& checks) {
    if (!evidence.spec.failures_hit_target()) return check_faults_apart(evidence, boots, checks);
    checks.push_back(over_boots(
        {"injections", "allocations were made to fail in every boot", true,
         range(boots, [](const Sample& s) { return s.exercised.injections; }), ""},
        boots,
        [](const Sample& s) {
            return s.exercised.injections > 0 ? Wrong{} : Wrong{"0 injections, want > 0"};
        },
        [&](const Sample& s) { return why_no_injection(evidence, s); }));
    checks.push_back(over_boots(
        {"faults_reconcile", "injections = failed allocations = target hits", true,
         range(boots, [](const Sample& s) { return s.exercised.injections; }), ""},
        boots,
        [](const Sample& s) -> Wrong {
            const auto& e = s.exercised;
            if (e.injections == e.failed_allocations && e.injections == e.target_hits) return {};
            return fmt::format(
                "{} injections, {} failed allocations, {} target hits, want all equal",
                e.injections, e.failed_allocations, e.target_hits);
        },
        [&](const Sample& s) { return why_not_only_target(evidence, s); }));
    const auto& function = evidence.spec.faults.front().function;
    checks.push_back(over_boots(
        {"failure_sites", "every failure was in " + function + "()", true,
         range(boots, [](const Sample& s) { return s.exercised.injections; }), ""},
        boots,
        [&](const Sample& s) -> Wrong {
            std::uint64_t sum = 0;
            for (const auto& [site, count] : s.injections_by_site) {
                if (site != function)
                    return fmt::format("{} in {}(), want only {}()", count, site, function);
                sum += count;
            }
            if (sum == s.exercised.injections) return {};
            return fmt::format("{} failures have a callchain, want all {} injections", sum,
                               s.exercised.injections);
        },
        [&](const Sample& s) -> std::string {
            if (!evidence.spec.faults.front().pinned())
                return "fault.stack_filter = false lets any call site of the task fail";
            if (s.injections_by_site.empty() || s.injections_by_site.contains("unknown"))
                return "perf recorded no usable callchain: CONFIG_UNWINDER_FRAME_POINTER is wanted";
            return "the stack filter let another call site fail, or the kernel's name for the site "
                   "differs (inlined)";
        }));
}

void check_no_faults(const Boots& boots, std::vector<ValidityCheck>& checks) {
    checks.push_back(over_boots(
        {"no_injections", "no allocation was made to fail (faults are off)", true,
         "0 in every boot", ""},
        boots,
        [](const Sample& s) -> Wrong {
            auto all = s.exercised.injections + s.exercised.timed_injections +
                       s.exercised.failed_allocations;
            return all == 0 ? Wrong{} : Wrong{fmt::format("{} failures, want 0", all)};
        },
        [](const Sample&) { return "a fault point was armed although fault.enabled = false"; }));
}

} // namespace rig
