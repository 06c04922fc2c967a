// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/metric.h"

#include "rig/arch/arch.h"
#include "rig/plan/count_keys.h"
#include "rig/stats/estimate.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

// Latencies: the list behind the metric, and the statistic that represents a boot.
//
// The target's and the call's latencies repeat the same operation, so the median of the boot
// represents them. A bystander is disturbed in a minority of its wake-ups: the median would not
// show it, and the p99 jumps when the disturbed share crosses 1 %. The mean is proportional to the
// time taken away. A single outlier moves the mean too, but that matters little, since reports take
// the median over boots.
//
// The longest gap of a bystander in user space, and the latest wake-up on the caller's CPU, are
// what a real-time task has to live with: the largest of the boot.
enum class PerBoot { Median, Mean, Largest };
struct Latency {
    std::string_view metric;
    std::vector<std::uint64_t> Sample::*values;
    PerBoot per_boot;
};
constexpr Latency latencies[] = {
    {"target_latency", &Sample::target_latency_ns, PerBoot::Median},
    {"call_latency", &Sample::call_latency_ns, PerBoot::Median},
    {"bystander_wakeup", &Sample::bystander_wakeup_ns, PerBoot::Mean},
    {"bystander_work_time", &Sample::bystander_work_time_ns, PerBoot::Mean},
    {"bystander_user_gap", &Sample::bystander_user_gap_ns, PerBoot::Largest},
    {"caller_bystander_wakeup", &Sample::caller_bystander_wakeup_ns, PerBoot::Mean},
    {"caller_bystander_worst", &Sample::caller_bystander_wakeup_ns, PerBoot::Largest},
};

std::optional<double> count(const Sample& sample, const std::string& key) {
    auto found = sample.counts.find(key);
    if (found == sample.counts.end()) return std::nullopt;
    return static_cast<double>(found->second);
}

std::optional<double> total_ipis(const Sample& sample) {
    // An empty list means zero only if the counter agrees; else nothing was recorded.
    if (sample.ipis_by_function.empty() && count(sample, "csd_total") != 0.0) return std::nullopt;
    double sum = 0;
    for (const auto& [function, calls] : sample.ipis_by_function)
        sum += static_cast<double>(calls);
    return sum;
}

std::optional<double> other_ipis(const Sample& sample, const TargetSpec& target) {
    auto total = total_ipis(sample);
    auto sync = sample.ipis_by_function.find(target.sync_function);
    if (!total || sync == sample.ipis_by_function.end()) return total;
    return *total - static_cast<double>(sync->second);
}

// The count on architectures that use one interrupt for function calls to one CPU and to many, see
// rig/arch/.
constexpr const char* kFunctionInterrupts = "call_function_interrupts";

std::optional<double> both_vectors(const Sample& sample) {
    if (const auto all = count(sample, kFunctionInterrupts)) return all;
    auto many = count(sample, "call_function_vectors"),
         one = count(sample, "call_function_single_vectors");
    if (!many || !one) return std::nullopt;
    return *many + *one;
}

// The workload runs on CPU 0; every other CPU is a bystander.
std::optional<double> bystander_interrupts(const Sample& sample) {
    double sum = 0;
    const auto keys = sample.counts_per_cpu.contains(kFunctionInterrupts)
                          ? std::vector{kFunctionInterrupts}
                          : std::vector{"call_function_vectors", "call_function_single_vectors"};
    for (const char* key : keys) {
        auto per_cpu = sample.counts_per_cpu.find(key);
        if (per_cpu == sample.counts_per_cpu.end() || per_cpu->second.size() < 2)
            return std::nullopt;
        for (std::size_t cpu = 1; cpu < per_cpu->second.size(); ++cpu)
            sum += static_cast<double>(per_cpu->second[cpu]);
    }
    return sum;
}

std::optional<double> user_work(const Sample& sample) {
    const auto& work = sample.bystander_user_work;
    const auto& window_ns = sample.bystander_user_window_ns;
    if (work.empty() || work.size() != window_ns.size()) return std::nullopt;
    double per_second = 0;
    for (std::size_t i = 0; i < work.size(); ++i)
        per_second += static_cast<double>(work[i]) * 1e9 / static_cast<double>(window_ns[i]);
    return per_second;
}

bool is_arch_metric(std::string_view metric) {
    return std::any_of(arch_metrics().begin(), arch_metrics().end(),
                       [&](const ArchMetric& one) { return one.name == metric; });
}

const Latency* find_latency(std::string_view metric) {
    for (const auto& latency : latencies)
        if (latency.metric == metric) return &latency;
    return nullptr;
}

const std::vector<std::uint64_t>* custom_values(std::string_view metric, const Sample& sample) {
    for (const auto* map : {&sample.latencies_ns, &sample.background_ns})
        if (const auto found = map->find(std::string(metric)); found != map->end())
            return &found->second;
    return nullptr;
}

std::optional<double> latency_of_boot(const Latency& latency, const Sample& sample) {
    const auto& list = sample.*latency.values;
    if (latency.per_boot == PerBoot::Largest) {
        const auto largest = std::max_element(list.begin(), list.end());
        return largest == list.end() ? std::nullopt : std::optional(static_cast<double>(*largest));
    }
    std::vector<double> values(list.begin(), list.end());
    auto one = latency.per_boot == PerBoot::Median ? median(std::move(values)) : mean(values);
    return one ? std::optional<double>(*one) : std::nullopt;
}

} // namespace

const char* unit_name(Unit unit) {
    switch (unit) {
    case Unit::Count:
        return "count";
    case Unit::Nanoseconds:
        return "ns";
    case Unit::PerSecond:
        return "per_second";
    }
    return "count";
}

Unit unit_named(std::string_view name) {
    for (const auto unit : {Unit::Nanoseconds, Unit::PerSecond})
        if (name == unit_name(unit)) return unit;
    return Unit::Count;
}

bool higher_is_better(Unit unit) {
    return unit == Unit::PerSecond;
}

std::string definition(const CustomMetric& metric) {
    using Kind = CustomMetric::Kind;
    std::string text;
    switch (metric.kind) {
    case Kind::Event:
        text = metric.what + (metric.filter.empty() ? "" : " where " + metric.filter);
        break;
    case Kind::Calls:
        text = "calls of " + metric.what + "()";
        break;
    case Kind::Latency:
        text = metric.what + "() from entry to return, whether or not the target runs within it";
        break;
    case Kind::Instructions:
        text = fmt::format("instructions that ran in {}() itself, without what it calls, by any "
                           "task in the count pass",
                           metric.what);
        break;
    case Kind::Counter:
        if (!metric.per_second) return "the workload's counter " + metric.what;
        return fmt::format("{} per second of guest time, from the first iteration's begin to the "
                           "last one's end in the latency pass; higher is better",
                           metric.what == kIterationsCounter
                               ? "the workload's iterations"
                               : "the workload's counter " + metric.what);
    case Kind::Timing:
        return "what the workload times as " + metric.what + ", by its own clock";
    case Kind::Histogram:
        return "what " + metric.what + " prints, mean of its values";
    }
    if (metric.kind == Kind::Instructions) return text;
    text += metric.own || metric.kind == Kind::Latency ? ", the workload's tasks" : ", all tasks";
    if (metric.cpu) text += fmt::format(", on CPU {}", *metric.cpu);
    return text;
}

std::vector<MetricInfo> metric_infos(const std::vector<MetricSpec>& metrics) {
    std::vector<MetricInfo> infos = {
        {"injections", "injected failures", Unit::Count, ""},
        {"sync_ipis", "sync IPIs", Unit::Count, ""},
        {"predicted_sync", "expected without the patch", Unit::Count, ""},
        {"other_ipis", "other call-function IPIs", Unit::Count, ""},
        {"total_ipis", "all call-function IPIs", Unit::Count, ""},
        {"call_function_vectors", "call-function interrupts", Unit::Count, ""},
        {"bystander_interrupts", "  on bystander CPUs", Unit::Count, ""},
        {"bystander_user_work", "user-space bystander work", Unit::PerSecond, "", true},
        {"target_latency", "target latency", Unit::Nanoseconds, "median"},
        {"call_latency", "call latency", Unit::Nanoseconds, "median"},
        {"bystander_wakeup", "bystander wake-up latency", Unit::Nanoseconds, "mean"},
        {"bystander_work_time", "bystander work time", Unit::Nanoseconds, "mean"},
        {"bystander_user_gap", "user-space bystander gap", Unit::Nanoseconds, "largest", true},
        {"caller_bystander_wakeup", "wake-up on the caller's CPU", Unit::Nanoseconds, "mean", true},
        {"caller_bystander_worst", "worst wake-up there", Unit::Nanoseconds, "largest", true},
    };
    // Put it next to the counts that all architectures have.
    auto place = std::find_if(infos.begin(), infos.end(), [](const MetricInfo& info) {
        return info.name == "call_function_vectors";
    });
    for (const auto& metric : arch_metrics())
        place = infos.insert(place, {metric.name, metric.label, Unit::Count, ""}) + 1;
    for (const auto& metric : metrics) {
        if (!metric.custom) continue;
        using Kind = CustomMetric::Kind;
        const bool repeated =
            metric.custom->kind == Kind::Latency || metric.custom->kind == Kind::Timing;
        const bool latency = repeated || metric.custom->kind == Kind::Histogram;
        // Wake-ups of a background command are disturbed in a minority of cases, like those of a
        // bystander: use the mean, see above.
        infos.push_back({metric.name,
                         metric.custom->label.empty() ? metric.name : metric.custom->label,
                         latency                     ? Unit::Nanoseconds
                         : metric.custom->per_second ? Unit::PerSecond
                                                     : Unit::Count,
                         !latency   ? ""
                         : repeated ? "median"
                                    : "mean"});
    }
    return infos;
}

std::uint64_t predicted_sync(const Sample& sample) {
    const auto& e = sample.exercised;
    // Faults that are counted apart need not lead to the target.
    const bool faults =
        e.injections + e.failed_allocations + e.timed_injections > 0 && sample.faults.empty();
    const auto broadcasts = faults ? e.injections : e.target_hits;
    return sample.cpus_online == 0 ? 0 : broadcasts * (sample.cpus_online - 1);
}

std::optional<double> metric_value(std::string_view metric, const Sample& sample,
                                   const TargetSpec& target) {
    if (const auto* latency = find_latency(metric)) return latency_of_boot(*latency, sample);
    if (metric == "injections") return static_cast<double>(sample.exercised.injections);
    if (metric == "predicted_sync")
        return target.sync_function.empty()
                   ? std::nullopt
                   : std::optional<double>(static_cast<double>(predicted_sync(sample)));
    if (metric == "sync_ipis" || is_arch_metric(metric)) return count(sample, std::string(metric));
    if (metric == "total_ipis") return total_ipis(sample);
    if (metric == "other_ipis") return other_ipis(sample, target);
    if (metric == "call_function_vectors") return both_vectors(sample);
    if (metric == "bystander_interrupts") return bystander_interrupts(sample);
    if (metric == "bystander_user_work") return user_work(sample);
    if (const auto* custom = custom_values(metric, sample)) {
        std::vector<double> values(custom->begin(), custom->end());
        auto one = sample.latencies_ns.contains(std::string(metric)) ? median(std::move(values))
                                                                     : mean(values);
        return one ? std::optional<double>(*one) : std::nullopt;
    }
    if (const auto events = count(sample, rate_key(metric))) {
        const auto window_ns = count(sample, kRateWindowKey);
        if (!window_ns || *window_ns == 0) return std::nullopt;
        return *events * 1e9 / *window_ns;
    }
    return count(sample, metric == kFailedChecks ? kFailedChecks : custom_count_key(metric));
}

const std::vector<std::uint64_t>* metric_values(std::string_view metric, const Sample& sample) {
    const auto* latency = find_latency(metric);
    return latency ? &(sample.*latency->values) : custom_values(metric, sample);
}

} // namespace rig
