// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/fault_counts.h"

#include "rig/arch/arch.h"
#include "rig/guest_output/perf_trace.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

namespace rig {
namespace {

using nlohmann::json;

Result<std::uint64_t> injections_of(const json& counted, const std::string& point) {
    const auto before = counted.at("times_before").get<std::int64_t>(),
               after = counted.at("times_after").get<std::int64_t>();
    if (after > before)
        return guest_error(fmt::format("{}/times rose from {} to {}", point, before, after));
    return static_cast<std::uint64_t>(before - after);
}

Status fill_failure(Sample& sample, const std::vector<Frame>& chain, const PlannedFault& fault,
                    const GuestPlan& plan, const Spec& spec) {
    RIG_TRY(site, call_site(chain, fault.point->inner, plan));
    ++sample.injections_by_site[site];
    if (spec.failures_hit_target()) return {};
    auto& counts = sample.faults[fault.point->name];
    ++counts.by_site[site];
    counts.below += std::any_of(chain.begin(), chain.end(),
                                [&](const Frame& frame) { return fault.is_below(frame.address); });
    return {};
}

} // namespace

Result<std::uint64_t> fill_injections(Sample& sample, const json& pass, const GuestPlan& plan,
                                      const Spec& spec, std::uint64_t FaultCounts::*member) {
    if (spec.failures_hit_target()) return injections_of(pass, spec.faults.front().point);
    std::uint64_t sum = 0;
    for (const auto& fault : plan.faults) {
        const auto& name = fault.point->name;
        RIG_TRY(injections, injections_of(pass.at("faults").at(name), name));
        sample.faults[name].*member = injections;
        sum += injections;
    }
    return sum;
}

Status fill_failures(Sample& sample, const Trace& trace, const GuestPlan& plan, const Spec& spec) {
    // The stack of a thread's latest call of each fault point, for architectures whose return
    // probes have no stack. (If an interrupt calls in between, its stack replaces the thread's. The
    // failure is then attributed to the wrong site, and a validity check fails.)
    std::map<std::pair<const PlannedFault*, int>, const std::vector<Frame>*> asked;
    const bool return_stacks = arch_named(spec.kernel.arch).return_stacks;
    for (const auto& event : trace.events)
        for (const auto& fault : plan.faults) {
            if (!return_stacks && event.event == fault.entry_event())
                asked[{&fault, event.tid}] = &event.callchain;
            if (event.event != fault.failed_event()) continue;
            const auto entry = asked.extract({&fault, event.tid});
            RIG_CHECK(fill_failure(sample, entry.empty() ? event.callchain : *entry.mapped(), fault,
                                   plan, spec));
        }
    return {};
}

} // namespace rig
