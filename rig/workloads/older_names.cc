// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/workloads/older_names.h"

#include <utility>

namespace rig::older {
namespace {

// {name today, earlier name}
constexpr std::pair<std::string_view, std::string_view> kMetrics[] = {
    {"call_latency", "munmap_latency"},
    {"target_latency", "caller_latency"},
    {"bystander_work_time", "bystander_burst"},
};
constexpr std::pair<std::string_view, std::string_view> kSampleKeys[] = {
    {"call_latency_ns", "munmap_latency_ns"},
    {"target_latency_ns", "caller_latency_ns"},
    {"bystander_work_time_ns", "bystander_burst_ns"},
    {"agent_call_ns", "agent_munmap_ns"},
    {"work_done", "tables_freed"},
};

} // namespace

const char* const kFaultFunction = "tlb_remove_table";
const char* const kTargetFunction = "tlb_remove_table_one";

std::string metric(std::string_view name) {
    for (const auto& [now, before] : kMetrics)
        if (name == before) return std::string(now);
    return std::string(name);
}

std::string verdict(std::string_view name) {
    return name == "as-expected" ? "pass" : name == "broken" ? "fail" : std::string(name);
}

std::string metric_verdict(std::string_view name) {
    return std::string(name == "not judged" ? "no expectation" : name);
}

std::string closing(std::string_view line) {
    constexpr std::pair<std::string_view, std::string_view> words[] = {
        {"AS EXPECTED:", "PASS:"},
        {"NOT AS EXPECTED:", "FAIL:"},
        {"NOT DECIDED:", "INCONCLUSIVE:"},
        {"NOTHING DECIDED:", "INCONCLUSIVE:"},
        {"NOTHING JUDGED:", "INCONCLUSIVE:"},
    };
    for (const auto& [before, now] : words)
        if (line.starts_with(before)) return std::string(now).append(line.substr(before.size()));
    return std::string(line);
}

std::string sample_key(std::string_view key) {
    for (const auto& [now, before] : kSampleKeys)
        if (key == now) return std::string(before);
    return "";
}

} // namespace rig::older
