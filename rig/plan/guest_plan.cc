// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/plan/guest_plan.h"

#include "guest/protocol/protocol.h"
#include "guest/protocol/system_call.h"
#include "rig/plan/count_keys.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

namespace rig {
namespace {

using nlohmann::json;

// The agent fills in the pids. Processes that the workload starts have pids from $CHILDREN on; all
// earlier processes and the instruments have lower ones (guest/workloads/fork_own.h). Kernel
// threads may start at any time.
constexpr const char* kOwn = "common_pid == $PID";
constexpr const char* kOwnAndChildren =
    "(common_pid == $PID || (common_pid >= $CHILDREN && !(comm ~ \"kworker*\")))";
// The same with threads, which have the ids after $PID up to $LAST. Among these may be kernel
// threads, which may start at any time. $PID itself only begins and ends the rounds.
constexpr const char* kOwnThreads =
    "(common_pid > $PID && common_pid <= $LAST && !(comm ~ \"kworker*\"))";
constexpr const char* kOwnThreadsAndChildren =
    "(((common_pid > $PID && common_pid <= $LAST) || common_pid >= $CHILDREN) && "
    "!(comm ~ \"kworker*\"))";
std::string own_filter_of(const WorkloadSpec& workload) {
    if (has_threads(workload)) return has_children(workload) ? kOwnThreadsAndChildren : kOwnThreads;
    return has_children(workload) ? kOwnAndChildren : kOwn;
}
// About 30 us at one instruction per nanosecond: 3 % of the default period.
constexpr unsigned kBurstIterations = 5000;

json event_json(const StatEvent& event) {
    json out = {{"event", event.event}};
    if (!event.filter.empty()) out["filter"] = event.filter;
    return out;
}

json value_json(const ParameterValue& value) {
    if (const auto* number = std::get_if<unsigned>(&value)) return *number;
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* words = std::get_if<std::vector<std::string>>(&value)) return *words;
    json list = json::array();
    for (const auto& table : std::get<std::vector<ParameterTable>>(value)) {
        auto& one = list.emplace_back(json::object());
        for (const auto& [key, inner] : table.values)
            one[key] = value_json(inner);
    }
    return list;
}

// The agent takes every parameter by its key. A function to be timed is not among them: it becomes
// a probe.
json workload_json(const WorkloadSpec& workload) {
    const auto& declared = workload_named(workload.name);
    json out = {{"name", workload.name},
                {"iterations", workload.iterations},
                {"pace_us", workload.pace_us}};
    for (const auto& [key, number] : declared.plan_only)
        out[key] = number;
    for (const auto& parameter : declared.parameters) {
        if (parameter.type == WorkloadParameter::Type::KernelFunction) continue;
        const auto given = workload.parameters.find(parameter.key);
        out[parameter.key] =
            value_json(given == workload.parameters.end() ? parameter.standard : given->second);
    }
    return out;
}

json bystanders_json(const WorkloadSpec& workload) {
    json out = {{"enabled", workload.bystanders},
                {"period_us", workload.bystander_period_us},
                {"burst_iterations", kBurstIterations},
                {"busy", workload.bystander_mode == BystanderMode::Busy}};
    if (workload.bystander_mode == BystanderMode::User) out["user"] = true;
    if (!workload.bystander_cpus.empty())
        out["cpus"] = guest::parse_cpu_list(workload.bystander_cpus).value();
    if (const auto& caller = workload.caller_bystander)
        out["caller"] = {
            {"cpu", caller->cpu}, {"period_us", caller->period_us}, {"priority", caller->priority}};
    return out;
}

bool is_counted(const CustomMetric& metric) {
    return metric.kind == CustomMetric::Kind::Event || metric.kind == CustomMetric::Kind::Calls;
}

// The other arms' markers. Every arm counts them, to show that the baseline never calls them. If
// the kernel has no such function, rig probes a substitute that is never called before the guest's
// end: arming a probe costs IPIs and TLB flushes, and these must be equal in every arm. Each
// substitute is used once, because probes at one address share a breakpoint.
constexpr std::array kNeverCalled{
    "panic",          "kernel_restart",   "kernel_halt",     "emergency_restart",
    "orderly_reboot", "orderly_poweroff", "kernel_power_off"};
struct ForeignWitness {
    std::string key, probed;
};
std::vector<ForeignWitness> foreign_markers(const Spec& spec, const Arm& arm,
                                            const SymbolTable& symbols) {
    std::vector<ForeignWitness> out;
    std::set<std::string> seen{"", arm.marker};
    auto stand_in = kNeverCalled.begin();
    for (const auto& other : spec.arms) {
        if (!seen.insert(other.marker).second) continue;
        const bool there = symbols.bounds(other.marker).has_value();
        if (there) {
            out.push_back({marker_key(other.marker), other.marker});
            continue;
        }
        stand_in = std::find_if(stand_in, kNeverCalled.end(), [&](const char* function) {
            return symbols.bounds(function).has_value();
        });
        if (stand_in == kNeverCalled.end()) continue;
        out.push_back({"stand_in:" + other.marker, *stand_in++});
    }
    return out;
}

// The functions that the experiment names, with what it calls each; a name may be empty.
std::vector<std::pair<std::string, std::string>>
functions_under_test(const Spec& spec, const Arm& arm, const TimedCall& call) {
    std::vector<std::pair<std::string, std::string>> out{
        {"target.function", spec.target.function},
        {"target.sync_function", spec.target.sync_function}};
    for (const auto& function : spec.fault_functions())
        out.emplace_back("fault.function", function);
    out.emplace_back("the function that is one call", call.function);
    out.emplace_back("marker", arm.marker);
    return out;
}

std::string both(const std::string& a, const std::string& b) {
    return a.empty() || b.empty() ? a + b : fmt::format("({}) && ({})", a, b);
}

} // namespace

Result<GuestPlan> make_plan(const Spec& spec, const Arm& arm, const SymbolTable& symbols,
                            const Perturbation& perturbation) {
    const auto& arch = arch_named(spec.kernel.arch);
    const TimedCall iteration = iteration_of(spec.workload), call = call_of(spec.workload);
    const std::string own_filter = own_filter_of(spec.workload);
    for (const auto& [what, function] : functions_under_test(spec, arm, call))
        if (!function.empty() && !symbols.bounds(function))
            return fail(
                FaultDomain::Spec,
                fmt::format(
                    "{}: {} {} is not a symbol of arm '{}': not compiled in, inlined, or misspelt",
                    spec.file.string(), what, function, arm.name));

    for (const auto& event : arch.events)
        if (!event.function.empty() && !symbols.bounds(event.function))
            return fail(
                FaultDomain::Spec,
                fmt::format("{}: on {} the calls of {} are counted ({}), which is not a symbol of "
                            "arm '{}': this kernel is not one that rig can measure there",
                            spec.file.string(), arch.name, event.function, event.key, arm.name));
    for (const auto& metric : spec.metrics)
        if (metric.custom &&
            (metric.custom->kind == CustomMetric::Kind::Calls ||
             metric.custom->kind == CustomMetric::Kind::Instructions ||
             metric.custom->kind == CustomMetric::Kind::Latency) &&
            (!symbols.bounds(metric.custom->what) ||
             (metric.custom->kind == CustomMetric::Kind::Instructions &&
              symbols.text_bounds(metric.custom->what).empty())))
            return fail(FaultDomain::Spec,
                        fmt::format("{}: metrics.{}: {} is not a symbol of arm '{}': "
                                    "not compiled in, inlined, or misspelt",
                                    spec.file.string(), metric.name, metric.custom->what,
                                    arm.name));
    GuestPlan plan;
    RIG_TRY(faults, plan_faults(spec, symbols));
    plan.faults = faults;
    plan.target_address = symbols.address(spec.target.function).value();
    // For a kernel that rig built, System.map is certain to match. For a prebuilt one, the map is
    // only the user's claim.
    if (!arm.prebuilt) plan.symbols = symbols;
    const bool has_sync = !spec.target.sync_function.empty();
    if (has_sync)
        plan.stat.push_back(
            {"sync_ipis", "csd:csd_queue_cpu",
             fmt::format("func == {:#x}", symbols.address(spec.target.sync_function).value())});
    plan.stat.push_back({"csd_total", "csd:csd_queue_cpu", ""});
    for (const auto& event : arch.events)
        plan.stat.push_back({event.key, event.event, event.filter});
    plan.stat.push_back({"target_hits", "rig:target", own_filter});
    if (!arm.marker.empty()) plan.stat.push_back({"witness_hits", "rig:witness", own_filter});
    const auto foreign = foreign_markers(spec, arm, symbols);
    for (std::size_t i = 0; i < foreign.size(); ++i)
        plan.stat.push_back({foreign[i].key, fmt::format("rig:foreign_{}", i), own_filter});
    if (has_sync) plan.stat.push_back({"sync_handled", "rig:sync_handled", ""});
    const auto failed = [&](const PlannedFault& fault) {
        return fmt::format("{} && {}", fault.probe.failed, own_filter);
    };
    for (const auto& fault : plan.faults)
        plan.stat.push_back({fault.point->count_key, fault.failed_event(), failed(fault)});
    const auto probed = [&](const MetricSpec& metric) { return "rig:m_" + metric.name; };
    for (const auto& metric : spec.metrics) {
        if (!metric.custom || !is_counted(*metric.custom)) continue;
        const bool calls = metric.custom->kind == CustomMetric::Kind::Calls;
        plan.stat.push_back({custom_count_key(metric.name),
                             calls ? probed(metric) : metric.custom->what,
                             both(metric.custom->filter, metric.custom->own ? own_filter : "")});
    }
    json stat = json::array();
    for (const auto& event : plan.stat)
        stat.push_back(event_json(event));

    const auto own = [&](const std::string& event) { return event_json({"", event, own_filter}); };
    json counted = json::array();
    const auto add_call = [&](const TimedCall& one) {
        for (const auto& event : {one.enter, one.exit})
            counted.push_back(event_json({"", event, one.of_children ? own_filter : kOwn}));
    };
    add_call(iteration);
    if (call.enter != iteration.enter) add_call(call);
    json timed = counted;
    counted.push_back({{"event", "csd:csd_queue_cpu"}});
    const std::string with_stack = "/call-graph=fp/";
    for (const auto& fault : plan.faults) {
        if (!arch.return_stacks) counted.push_back(own(fault.entry_event() + with_stack));
        counted.push_back(event_json(
            {"", fault.failed_event() + (arch.return_stacks ? with_stack : ""), failed(fault)}));
    }
    for (const char* event : {"rig:target", "rig:target_return"}) {
        timed.push_back(own(event));
        if (!arm.marker.empty()) counted.push_back(own(event));
    }
    if (!arm.marker.empty()) counted.push_back(own("rig:witness"));
    json probes = {"p:rig/target " + spec.target.function,
                   "r:rig/target_return " + spec.target.function};
    if (!arm.marker.empty()) probes.push_back("p:rig/witness " + arm.marker);
    for (const auto& event : arch.events)
        if (!event.function.empty())
            probes.push_back(fmt::format("p:rig/{} {}", event.key, event.function));
    for (std::size_t i = 0; i < foreign.size(); ++i)
        probes.push_back(fmt::format("p:rig/foreign_{} {}", i, foreign[i].probed));
    if (has_sync) probes.push_back("p:rig/sync_handled " + spec.target.sync_function);
    for (const auto& fault : plan.faults)
        for (const auto& line : fault.probes(arch.return_stacks))
            probes.push_back(line);
    for (const auto& metric : spec.metrics) {
        if (!metric.custom || (metric.custom->kind != CustomMetric::Kind::Calls &&
                               metric.custom->kind != CustomMetric::Kind::Latency))
            continue;
        probes.push_back(fmt::format("p:rig/m_{} {}", metric.name, metric.custom->what));
        if (metric.custom->kind != CustomMetric::Kind::Latency) continue;
        probes.push_back(fmt::format("r:rig/m_{}_return {}", metric.name, metric.custom->what));
        timed.push_back(own(probed(metric)));
        timed.push_back(own(probed(metric) + "_return"));
    }
    json backgrounds = json::array();
    for (const auto& one : spec.backgrounds)
        backgrounds.push_back({{"name", one.name}, {"command", one.command}});

    if (!call.function.empty()) {
        probes.push_back("p:rig/call " + call.function);
        probes.push_back("r:rig/call_return " + call.function);
    }

    const auto& w = spec.workload;
    plan.json = {
        {"mode", "measure"},
        {"deadline_s", guest_deadline_s(spec.workload)},
        {"workload", workload_json(w)},
        {"perturbation",
         {{"start_offset_us", perturbation.start_offset_us},
          {"ballast_pages", perturbation.ballast_pages},
          {"address_slot", perturbation.address_slot}}},
        {"bystanders", bystanders_json(w)},
        {"probes", probes},
        {"perf_pages", spec.guest.perf_pages},
        {"kernel_names", plan.symbols ? guest::kNamedByHost : guest::kNamedByGuest},
        {"backgrounds", backgrounds},
        {"passes",
         json::array(
             {{{"name", "counted"}, {"bystanders", false}, {"stat", stat}, {"record", counted}}})}};
    if (spec.guest.passes == Passes::Both)
        plan.json["passes"].push_back(
            {{"name", "timed"}, {"bystanders", true}, {"stat", json::array()}, {"record", timed}});
    add_faults(spec, plan.faults, plan.json);
    if (spec.guest.numa > 1) plan.json["numa"] = spec.guest.numa;
    for (const auto& [step, command] :
         {std::pair{"setup", &w.setup}, {"check", &w.check}, {"teardown", &w.teardown}})
        if (!command->empty()) plan.json["around"][step] = *command;
    if (!spec.required.empty()) plan.json["required_paths"] = required_paths(spec.required);
    if (plan.json.dump().size() > guest::kMaxPayload)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: the plan for arm '{}' does not fit in a frame",
                                spec.file.string(), arm.name));
    return plan;
}

std::vector<std::string> required_paths(const Requirements& required) {
    auto paths = required.files;
    for (auto event : required.tracepoints) {
        std::replace(event.begin(), event.end(), ':', '/');
        paths.push_back(fmt::format("/sys/kernel/tracing/events/{}/id", event));
    }
    return paths;
}

unsigned guest_deadline_s(const WorkloadSpec& workload) {
    return kGuestPatience +
           static_cast<unsigned>(2ull * workload.iterations * workload.pace_us / 1'000'000);
}

nlohmann::json simple_plan(const std::string& mode) {
    return {{"mode", mode}};
}

} // namespace rig
