// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/workload.h"

#include "guest/protocol/workload_counters.h"
#include "rig/workloads/declarations.h"

#include <algorithm>
#include <cassert>

namespace rig {
namespace {

template<class T> T value_of(const WorkloadSpec& workload, std::string_view key) {
    if (const auto given = workload.parameters.find(key); given != workload.parameters.end())
        if (const auto* value = std::get_if<T>(&given->second)) return *value;
    if (const auto* declared = find_workload(workload.name))
        for (const auto& parameter : declared->parameters)
            if (parameter.key == key)
                if (const auto* value = std::get_if<T>(&parameter.standard)) return *value;
    return {};
}

template<class T> T value_of(const ParameterTable& table, std::string_view key) {
    if (const auto found = table.values.find(key); found != table.values.end())
        if (const auto* value = std::get_if<T>(&found->second)) return *value;
    return {};
}

} // namespace

unsigned ParameterTable::number(std::string_view key) const {
    return value_of<unsigned>(*this, key);
}

std::string ParameterTable::text(std::string_view key) const {
    return value_of<std::string>(*this, key);
}

std::vector<std::string> ParameterTable::words(std::string_view key) const {
    return value_of<std::vector<std::string>>(*this, key);
}

unsigned WorkloadSpec::number(std::string_view key) const {
    return value_of<unsigned>(*this, key);
}

std::string WorkloadSpec::text(std::string_view key) const {
    return value_of<std::string>(*this, key);
}

std::vector<std::string> WorkloadSpec::words(std::string_view key) const {
    return value_of<std::vector<std::string>>(*this, key);
}

std::vector<ParameterTable> WorkloadSpec::tables(std::string_view key) const {
    return value_of<std::vector<ParameterTable>>(*this, key);
}

TimedCall timed_system_call(const std::string& name) {
    return {name, "syscalls:sys_enter_" + name, "syscalls:sys_exit_" + name, "", false, true};
}

TimedCall timed_function(const std::string& function) {
    return {function, "rig:call", "rig:call_return", function, true, false};
}

std::string HintFacts::value_of(const std::string& name) const {
    const auto found = config.find(name);
    return found == config.end() ? "" : found->second;
}

const std::vector<const Workload*>& all_workloads() {
    static const std::vector<const Workload*> all = {
        &workloads::munmap(),      &workloads::exit(),     &workloads::collapse(),
        &workloads::pmd_unshare(), &workloads::gup_race(), &workloads::command(),
        &workloads::threads(),     &workloads::crash()};
    return all;
}

const std::vector<std::string>& workload_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> out;
        for (const auto* workload : all_workloads())
            out.push_back(workload->name);
        return out;
    }();
    return names;
}

const Workload* find_workload(std::string_view name) {
    const auto& all = all_workloads();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Workload* one) { return one->name == name; });
    return found == all.end() ? nullptr : *found;
}

const Workload& workload_named(std::string_view name) {
    const auto* workload = find_workload(name);
    assert(workload);
    return *workload;
}

TimedCall iteration_of(const WorkloadSpec& workload) {
    return workload_named(workload.name).iteration;
}

TimedCall call_of(const WorkloadSpec& workload) {
    const auto& declared = workload_named(workload.name);
    const auto function =
        declared.call_parameter.empty() ? "" : workload.text(declared.call_parameter);
    return function.empty() ? declared.iteration : timed_function(function);
}

std::uint64_t expected_work(const WorkloadSpec& workload) {
    const auto& declared = workload_named(workload.name);
    return declared.work_per_call ? workload.iterations * declared.work_per_call(workload) : 0;
}

std::optional<std::uint64_t> hits_per_call(const WorkloadSpec& workload) {
    const auto& declared = workload_named(workload.name);
    return declared.hits_per_call ? std::optional(declared.hits_per_call(workload)) : std::nullopt;
}

bool has_children(const WorkloadSpec& workload) {
    const auto& declared = workload_named(workload.name);
    return declared.starts_processes ||
           (declared.may_start_processes && declared.may_start_processes(workload));
}

bool has_threads(const WorkloadSpec& workload) {
    return workload_named(workload.name).has_threads;
}

std::vector<std::string> counters_of(const WorkloadSpec& workload) {
    const auto* declared = find_workload(workload.name);
    if (declared && declared->counters) return declared->counters(workload);
    const auto fixed = guest::workload_counters(workload.name);
    return {fixed.begin(), fixed.end()};
}

std::vector<WorkloadTiming> timings_of(const WorkloadSpec& workload) {
    const auto* declared = find_workload(workload.name);
    return declared && declared->timings ? declared->timings(workload)
                                         : std::vector<WorkloadTiming>();
}

std::vector<std::string> workloads_with_predicted_hits() {
    std::vector<std::string> out;
    for (const auto* workload : all_workloads())
        if (workload->hits_per_call) out.push_back(workload->name);
    return out;
}

const std::vector<std::string>& parameter_keys() {
    static const std::vector<std::string> keys = [] {
        std::vector<std::string> out;
        for (const auto* workload : all_workloads())
            for (const auto& parameter : workload->parameters)
                if (std::find(out.begin(), out.end(), parameter.key) == out.end())
                    out.push_back(parameter.key);
        return out;
    }();
    return keys;
}

std::vector<std::string> hint_options() {
    std::vector<std::string> out;
    for (const auto* workload : all_workloads())
        for (const auto& option : workload->hint_options)
            if (std::find(out.begin(), out.end(), option) == out.end()) out.push_back(option);
    return out;
}

std::string hint(const WorkloadSpec& workload, HintFor what, const HintFacts& facts) {
    const auto& declared = workload_named(workload.name);
    return declared.hint ? declared.hint(what, facts) : "";
}

} // namespace rig
