// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/plan/fault_plan.h"

#include <fmt/format.h>

namespace rig {
namespace {

using nlohmann::json;

// From the first function to the last one; an empty `last` is the first.
Result<Bounds> range_of(const Spec& spec, const std::string& first, const std::string& named_last,
                        const SymbolTable& symbols) {
    const auto& last = named_last.empty() ? first : named_last;
    const auto start = symbols.bounds(first).value(), end = symbols.bounds(last).value();
    if (end.start < start.start)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: fault: the range from {}() to {}() is empty: in this kernel "
                                "the second function is before the first",
                                spec.file.string(), first, last));
    return Bounds{start.start, end.end};
}

// What is written for the fault before each pass. `probability` comes last: nothing may be injected
// before the filters are set.
std::vector<FaultWrite> writes_of(const FaultSpec& fault, const std::optional<Bounds>& below,
                                  const std::optional<Bounds>& rejected) {
    std::vector<FaultWrite> out;
    const auto add = [&](const char* file, const std::string& value) {
        out.push_back({file, value, value});
    };
    const auto add_address = [&](const char* file, std::uint64_t address) {
        out.push_back({file, fmt::format("{:#x}", address), fmt::format("{:#018x}", address)});
    };
    add("interval", std::to_string(fault.interval));
    add("times", std::to_string(fault.times));
    add("space", std::to_string(fault.space));
    add("verbose", "0");
    for (auto& write : own_writes(fault_point_named(fault.point), fault.values))
        out.push_back(std::move(write));
    add("task-filter", fault.task_filter ? "Y" : "N");
    if (below || rejected) add("stacktrace-depth", std::to_string(fault.stacktrace_depth));
    if (below) {
        add_address("require-start", below->start);
        add_address("require-end", below->end);
    }
    if (rejected) {
        add_address("reject-start", rejected->start);
        add_address("reject-end", rejected->end);
    }
    add("probability", std::to_string(fault.probability));
    return out;
}

json values_json(const std::vector<FaultWrite>& writes) {
    json out = json::array();
    for (const auto& write : writes)
        out.push_back({write.file, write.value});
    return out;
}

json writes_json(const std::vector<FaultWrite>& writes) {
    json out = json::array();
    for (const auto& write : writes)
        out.push_back({write.file, write.value, write.reads});
    return out;
}

} // namespace

std::vector<std::string> PlannedFault::probes(bool return_stacks) const {
    std::vector<std::string> out{
        fmt::format("r:rig/{} {} ret=$retval:{}", point->failed_event, probe.function, probe.type)};
    if (!return_stacks)
        out.push_back(fmt::format("p:rig/{} {}", point->entry_event, probe.function));
    return out;
}

Result<std::vector<PlannedFault>> plan_faults(const Spec& spec, const SymbolTable& symbols) {
    std::vector<PlannedFault> out;
    for (const auto* fault : spec.enabled_faults()) {
        const auto& point = fault_point_named(fault->point);
        PlannedFault one{.point = &point,
                         .probe = probe_of(point, fault->values),
                         .below = {},
                         .first = first_writes(point, fault->values),
                         .writes = {}};
        if (fault->pinned()) {
            RIG_TRY(below, range_of(spec, fault->function, fault->last, symbols));
            one.below = below;
        }
        std::optional<Bounds> rejected;
        if (!fault->reject.empty()) {
            RIG_TRY(range, range_of(spec, fault->reject, fault->last_rejected, symbols));
            rejected = range;
        }
        one.writes = writes_of(*fault, one.below, rejected);
        out.push_back(std::move(one));
    }
    return out;
}

void add_faults(const Spec& spec, const std::vector<PlannedFault>& faults, json& plan) {
    if (spec.failures_hit_target()) {
        const auto& fault = spec.faults.front();
        plan["fault"] = {{"enabled", fault.enabled},
                         {"attributes", values_json(faults.empty() ? writes_of(fault, {}, {})
                                                                   : faults.front().writes)}};
        return;
    }
    auto& list = plan["faults"] = json::array();
    for (const auto& fault : faults)
        list.push_back({{"point", fault.point->name},
                        {"first", writes_json(fault.first)},
                        {"attributes", writes_json(fault.writes)}});
}

} // namespace rig
