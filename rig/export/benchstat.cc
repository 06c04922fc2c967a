// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/benchstat.h"

#include "rig/export/checks.h"
#include "rig/guest_output/sample.h"
#include "rig/report/wording.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

// "target_latency" -> "TargetLatency": a benchmark's name begins with a capital. Keeps an
// underscore if no lower-case letter follows, so that no two metrics get the same name.
std::string camel(std::string_view name) {
    const auto small = [](char c) { return c >= 'a' && c <= 'z'; };
    std::string out;
    bool begins = true;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == '_' && i + 1 < name.size() && small(name[i + 1])) {
            begins = true;
            continue;
        }
        out += begins && small(c) ? static_cast<char>(c - 'a' + 'A') : c;
        begins = false;
    }
    return out;
}

// Leaves out an empty value, which would delete the key.
std::string config_line(const char* key, std::string_view value) {
    return value.empty() ? "" : fmt::format("{}: {}\n", key, clean_line(value));
}

} // namespace

std::string render_benchstat(const ReportInput& input, const std::vector<Sample>& samples) {
    const auto& run = input.run;
    std::string out =
        config_line("experiment", input.spec.name) + config_line("run", run.run_id) +
        config_line("kernel", run.kernels.empty() ? "" : run.kernels.front().facts.version) +
        config_line("clock", run.clock) + config_line("accelerator", run.accelerator) +
        config_line("verdict", input.comparison.closing) +
        config_line("faults", injected_faults(input, "")) +
        "Unit ns better=lower assume=nothing\nUnit count better=lower assume=nothing\n";
    const auto& metrics = input.comparison.metrics;
    if (std::any_of(metrics.begin(), metrics.end(),
                    [](const MetricResult& metric) { return metric.info.unit == Unit::PerSecond; }))
        out += "Unit per_second better=higher assume=nothing\n";
    for (const auto& metric : input.comparison.metrics) {
        if (metric.info.name == "injections" || metric.info.name == "predicted_sync") continue;
        for (const auto& arm : input.spec.arms)
            for (const auto* boot : boots_of(samples, arm.name)) {
                if (is_warmup(input.spec, *boot)) continue;
                if (const auto value = metric_value(metric.info.name, *boot, input.spec.target))
                    out += fmt::format("Benchmark{}/arm={}-{} 1 {} {}\n", camel(metric.info.name),
                                       arm.name, run.vcpus, *value, unit_name(metric.info.unit));
            }
    }
    return out;
}

} // namespace rig
