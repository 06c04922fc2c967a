// SPDX-License-Identifier: GPL-2.0-or-later
// The metrics: how the Sample of one boot becomes one number. The boot is the sampling unit: values
// within a boot share its seed, its host and its time, so they are not independent. Of counts and
// latencies less is better, of rates more. Pure.
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

enum class Unit { Count, Nanoseconds, PerSecond }; // PerSecond: a rate, of guest time

// "count", "ns", "per_second", as exports and the index spell it.
const char* unit_name(Unit unit);
// The unit of that name; Count for any other name.
Unit unit_named(std::string_view name);
bool higher_is_better(Unit unit);

struct MetricInfo {
    std::string name;
    std::string label; // as reports show it
    Unit unit = Unit::Count;
    // For latencies, how the values of a boot become one number: "median of the boot".
    std::string per_boot;
    // Only few experiments have it: reports leave it out if no boot has it and the experiment does
    // not name it.
    bool rare = false;
};

// In the order of the report: all of metric_names(), injections and predicted_sync, then the
// experiment's own metrics.
std::vector<MetricInfo> metric_infos(const std::vector<MetricSpec>& metrics = {});

// Describes what an experiment's own metric measures: "csd:csd_queue_cpu where cpu != 0, all tasks,
// on CPU 2".
std::string definition(const CustomMetric& metric);

// The metric's number for this boot; nullopt if the sample lacks the data for it.
std::optional<double> metric_value(std::string_view metric, const Sample& sample,
                                   const TargetSpec& target);

// The single values behind a latency; nullptr for counts.
const std::vector<std::uint64_t>* metric_values(std::string_view metric, const Sample& sample);

// The number of IPIs that an unpatched kernel sends in this boot: injections x (online CPUs - 1).
// With faults off, where the target is reached without an injection: hits of the target x (online
// CPUs - 1). A validity check covers that the two agree with faults on.
std::uint64_t predicted_sync(const Sample& sample);

} // namespace rig
