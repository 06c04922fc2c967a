// SPDX-License-Identifier: GPL-2.0-or-later
// The metrics: how one boot's Sample becomes one number. The boot is the sampling unit: values
// within a boot share its seed, its host and its moment, and are not independent. Lower is better
// for all of them. Pure.
#pragma once

#include "rig/guest_output/sample.h"
#include "rig/spec/spec.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

enum class Unit { Count, Nanoseconds };

struct MetricInfo {
    std::string name;
    std::string label; // for people
    Unit unit = Unit::Count;
    std::string per_boot; // how a boot becomes one number, for latencies: "median of the boot"
};

// In the order of the report: every one of metric_names(), injections and predicted_sync, then
// those the experiment defines.
std::vector<MetricInfo> metric_infos(const std::vector<MetricSpec>& metrics = {});

// What an experiment's own metric holds, in words: "csd:csd_queue_cpu where cpu != 0, all tasks, on
// CPU 2".
std::string definition(const CustomMetric& metric);

// The boot's number; nullopt if the sample does not hold what it is made of.
std::optional<double> metric_value(std::string_view metric, const Sample& sample,
                                   const TargetSpec& target);

// The single values behind a latency; nullptr for counts.
const std::vector<std::uint64_t>* metric_values(std::string_view metric, const Sample& sample);

// What an unpatched kernel sends in this boot: injections x (online CPUs - 1); with faults off,
// where the target is reached without an injection, hits of the target x (online CPUs - 1). That
// the two agree with faults on is a proof's to say.
std::uint64_t predicted_sync(const Sample& sample);

} // namespace rig
