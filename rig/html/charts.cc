// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/charts.h"

#include "rig/arch/arch.h"
#include "rig/base/text.h"
#include "rig/guest_output/sample.h"
#include "rig/plan/count_keys.h"
#include "rig/report/figures.h"
#include "rig/stats/estimate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace rig {
namespace {

using nlohmann::json;

// If the largest figure exceeds the smallest by this factor, a linear axis would hide small ones.
constexpr double wide = 20;

const char* name(ChartKind kind) {
    switch (kind) {
    case ChartKind::Bars:
        return "bars";
    case ChartKind::Steps:
        return "steps";
    case ChartKind::Boots:
        return "boots";
    case ChartKind::Curve:
        return "curve";
    case ChartKind::Heat:
        return "heat";
    }
    return "bars";
}

json to_json(const ChartAxis& axis) {
    return {{"name", axis.name},
            {"unit", axis.unit},
            {"log", axis.log},
            {"categories", axis.categories}};
}

// A logarithmic axis if the figures differ much and none is zero.
ChartAxis value_axis(const std::string& label, Unit unit, const std::vector<ChartSeries>& series,
                     std::size_t coordinate) {
    double low = INFINITY, high = 0;
    for (const auto& one : series)
        for (const auto& point : one.points) {
            low = std::min(low, point[coordinate]);
            high = std::max(high, point[coordinate]);
        }
    const bool log = low > 0 && high > wide * low;
    const char* what = unit == Unit::Count         ? " (count"
                       : unit == Unit::Nanoseconds ? " (time"
                                                   : " (per second";
    return {label + what + (log ? ", log scale)" : ")"), unit_name(unit), log, {}};
}

// The boots that count in figures, as in the comparison.
std::vector<const Sample*> measured(const ReportInput& input, const std::vector<Sample>& samples,
                                    const std::string& arm) {
    auto boots = boots_of(samples, arm);
    std::erase_if(boots, [&](const Sample* boot) { return is_warmup(input.spec, *boot); });
    return boots;
}

std::vector<double> pooled_values(const std::string& metric,
                                  const std::vector<const Sample*>& boots) {
    std::vector<double> all;
    for (const auto* boot : boots)
        if (const auto* values = metric_values(metric, *boot))
            all.insert(all.end(), values->begin(), values->end());
    return all;
}

std::string median_and_range(const Spread& spread) {
    return fmt::format("{} ({} to {})", figure(spread.median, Unit::Count),
                       figure(spread.min, Unit::Count), figure(spread.max, Unit::Count));
}

struct Quantile {
    const char* name;
    double p;
};
constexpr std::array quantiles = {
    Quantile{"10 %", 0.1}, Quantile{"25 %", 0.25}, Quantile{"Median", 0.5},  Quantile{"75 %", 0.75},
    Quantile{"90 %", 0.9}, Quantile{"99 %", 0.99}, Quantile{"99.9 %", 0.999}};

Chart distribution(const ReportInput& input, const std::vector<Sample>& samples,
                   const MetricResult& metric) {
    Chart chart;
    chart.kind = ChartKind::Steps;
    chart.title = trimmed(metric.info.label) + ": distribution";
    chart.note = "All single values of all boots; the scale of time is logarithmic.";
    chart.head = {"Arm", "Values", "Smallest"};
    for (const auto& one : quantiles)
        chart.head.push_back(one.name);
    chart.head.push_back("Largest");
    std::vector<std::string> said;
    std::size_t zeros = 0;
    for (std::size_t i = 0; i < metric.arms.size(); ++i) {
        const auto& arm = metric.arms[i];
        auto values = pooled_values(metric.info.name, measured(input, samples, arm.arm));
        if (values.empty() || !arm.pooled) continue;
        std::sort(values.begin(), values.end());
        std::vector<std::string> row{arm.arm, std::to_string(values.size()),
                                     figure(values.front(), metric.info.unit)};
        // The median is taken from the report, which uses the mean of the two middle values.
        for (const auto& one : quantiles)
            row.push_back(
                figure(one.p == 0.5 ? arm.pooled->median : quantile(values, one.p).value(),
                       metric.info.unit));
        row.push_back(figure(arm.pooled->max, metric.info.unit));
        chart.rows.push_back(row);
        said.push_back(fmt::format("{}: median {}, 99 % at most {}, largest {}", arm.arm,
                                   figure(arm.pooled->median, metric.info.unit),
                                   figure(arm.pooled->p99, metric.info.unit),
                                   figure(arm.pooled->max, metric.info.unit)));
        // A logarithmic scale has no zero.
        for (auto& value : values)
            if (value < 1) {
                ++zeros;
                value = 1;
            }
        chart.series.push_back({arm.arm, i, ecdf(std::move(values)), false});
    }
    if (zeros) chart.note += fmt::format(" {} values of 0 ns are drawn at 1 ns.", zeros);
    chart.description = fmt::format("Distribution of {} in each arm. {}.",
                                    trimmed(metric.info.label), fmt::join(said, "; "));
    chart.x = {"time (log scale)", "ns", true, {}};
    chart.y = {"share of values at or below", "share", false, {}};
    return chart;
}

Chart by_boot(const MetricResult& metric) {
    Chart chart;
    chart.kind = ChartKind::Boots;
    chart.title =
        fmt::format("{}: {} of each boot", trimmed(metric.info.label), metric.info.per_boot);
    chart.note = "One figure a boot.";
    std::set<unsigned> indices;
    for (const auto& arm : metric.arms)
        for (const auto& boot : arm.boots)
            indices.insert(boot.boot);
    chart.x = {"boot", "", false, {}};
    chart.head = {"Arm", "Median over boots", "Lowest", "Highest"};
    for (const auto index : indices) {
        chart.x.categories.push_back(std::to_string(index));
        chart.head.push_back(fmt::format("Boot {}", index));
    }
    std::vector<std::string> said;
    for (std::size_t i = 0; i < metric.arms.size(); ++i) {
        const auto& arm = metric.arms[i];
        if (arm.boots.empty()) continue;
        ChartSeries series{arm.arm, i, {}, false};
        for (const auto& boot : arm.boots)
            series.points.push_back(
                {static_cast<double>(std::distance(indices.begin(), indices.find(boot.boot))),
                 boot.value});
        const auto told = [&](double value) { return figure(value, metric.info.unit); };
        std::vector<std::string> row{arm.arm, arm.spread ? told(arm.spread->median) : "-",
                                     arm.spread ? told(arm.spread->min) : "-",
                                     arm.spread ? told(arm.spread->max) : "-"};
        for (const auto index : indices) {
            const auto boot = std::find_if(arm.boots.begin(), arm.boots.end(),
                                           [&](const BootValue& one) { return one.boot == index; });
            row.push_back(boot == arm.boots.end() ? "-" : told(boot->value));
        }
        chart.rows.push_back(row);
        chart.series.push_back(std::move(series));
        if (arm.spread)
            said.push_back(fmt::format("{}: {} to {}, median {}", arm.arm, told(arm.spread->min),
                                       told(arm.spread->max), told(arm.spread->median)));
    }
    chart.description = fmt::format("{} of {} boots in each arm. {}.", chart.title, indices.size(),
                                    fmt::join(said, "; "));
    chart.y = value_axis(metric.info.per_boot, metric.info.unit, chart.series, 1);
    return chart;
}

struct CpuCount {
    std::string key, label; // key in Sample::counts_per_cpu
};

// The counts that Sample::counts documents, without those that only validity checks use, then the
// experiment's own.
std::vector<CpuCount> cpu_counts(const Spec& spec) {
    std::vector<CpuCount> out = {
        {"sync_ipis", "sync IPIs sent"},
        {"csd_total", "call-function IPIs sent"},
        {"call_function_vectors", "call-function interrupts received (many CPUs)"},
        {"call_function_single_vectors", "call-function interrupts received (one CPU)"},
        {"call_function_interrupts", "call-function interrupts received"},
        {"reschedule_vectors", "reschedule interrupts received"}};
    for (const auto& metric : arch_metrics())
        out.push_back({metric.name, metric.label});
    for (const auto& metric : spec.metrics)
        if (metric.custom)
            out.push_back({custom_count_key(metric.name),
                           metric.custom->label.empty() ? metric.name : metric.custom->label});
    return out;
}

// The median over boots for each CPU. Empty if a boot lacks the count or has another number of
// CPUs.
std::vector<double> medians_by_cpu(const std::string& key,
                                   const std::vector<const Sample*>& boots) {
    std::vector<std::vector<double>> by_cpu;
    for (const auto* boot : boots) {
        const auto counts = boot->counts_per_cpu.find(key);
        if (counts == boot->counts_per_cpu.end()) return {};
        if (by_cpu.empty()) by_cpu.resize(counts->second.size());
        if (by_cpu.size() != counts->second.size()) return {};
        for (std::size_t cpu = 0; cpu < by_cpu.size(); ++cpu)
            by_cpu[cpu].push_back(static_cast<double>(counts->second[cpu]));
    }
    std::vector<double> out;
    for (auto& values : by_cpu)
        out.push_back(median(std::move(values)).value());
    return out;
}

} // namespace

std::vector<std::vector<double>> ecdf(std::vector<double> values, std::size_t most) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    const auto n = values.size();
    const auto points = std::min(n, std::max<std::size_t>(most, 2));
    std::vector<std::vector<double>> out{{values.front(), 0}};
    for (std::size_t i = 0; i < points; ++i) {
        const auto rank = points == 1 ? 0
                                      : static_cast<std::size_t>(std::llround(
                                            static_cast<double>(i) * static_cast<double>(n - 1) /
                                            static_cast<double>(points - 1)));
        // Equal values are one jump, at the rank of the last one.
        const auto upto = std::upper_bound(values.begin() + static_cast<std::ptrdiff_t>(rank),
                                           values.end(), values[rank]) -
                          values.begin();
        const auto share =
            std::round(1e6 * static_cast<double>(upto) / static_cast<double>(n)) / 1e6;
        if (out.size() > 1 && out.back()[0] == values[rank]) continue;
        out.push_back({values[rank], share});
    }
    return out;
}

Chart ipi_chart(const ReportInput& input) {
    Chart chart;
    chart.kind = ChartKind::Bars;
    chart.title = "IPIs by the function they call";
    chart.note = "Median over boots of each function; the sum of medians need not be the median of "
                 "the sum. Counted pass, between the first call's "
                 "entry and the last one's return.";
    chart.x = {"IPIs per boot (count)", "count", false, {}};
    chart.head = {"Function"};
    std::vector<std::string> said;
    for (const auto& arm : input.spec.arms) {
        chart.y.categories.push_back(arm.name);
        chart.head.push_back(fmt::format("{}: median (range)", arm.name));
    }
    const auto add = [&](const FunctionRow& function) {
        ChartSeries series{function.function, chart.series.size(), {}, false};
        std::vector<std::string> row{function.function}, words;
        for (std::size_t arm = 0; arm < function.arms.size(); ++arm) {
            const auto& spread = function.arms[arm];
            row.push_back(spread ? median_and_range(*spread) : "-");
            if (!spread) continue;
            series.points.push_back({spread->median, static_cast<double>(arm)});
            words.push_back(fmt::format("{} {}", input.spec.arms[arm].name,
                                        figure(spread->median, Unit::Count)));
        }
        if (series.points.empty()) return;
        chart.series.push_back(std::move(series));
        chart.rows.push_back(row);
        said.push_back(fmt::format("{}: {}", function.function, fmt::join(words, ", ")));
    };
    // The IPIs under test have a metric of their own, which the reports show.
    if (const auto* sync = input.comparison.find("sync_ipis");
        sync && !input.spec.target.sync_function.empty()) {
        FunctionRow row{input.spec.target.sync_function + " (sync IPIs)", {}};
        for (const auto& arm : sync->arms)
            row.arms.push_back(arm.spread);
        add(row);
    }
    for (std::size_t i = 0; i < std::min(input.functions.size(), shown_functions); ++i)
        add(input.functions[i]);
    if (input.rest) add(*input.rest);
    chart.description = fmt::format("IPIs per boot by function. {}.", fmt::join(said, "; "));
    return chart;
}

std::vector<Chart> latency_charts(const ReportInput& input, const std::vector<Sample>& samples) {
    std::vector<Chart> out;
    for (const auto& metric : input.comparison.metrics) {
        if (metric.info.unit != Unit::Nanoseconds) continue;
        for (auto& chart : {distribution(input, samples, metric), by_boot(metric)})
            if (!chart.series.empty()) out.push_back(chart);
    }
    return out;
}

std::vector<Chart> cpu_charts(const ReportInput& input, const std::vector<Sample>& samples) {
    std::vector<Chart> out;
    for (const auto& [key, label] : cpu_counts(input.spec)) {
        Chart chart;
        chart.kind = ChartKind::Heat;
        chart.title = label + ", by CPU";
        chart.note = "Median over boots; one scale for all arms, from zero.";
        chart.unit = "count";
        chart.x = {"CPU", "", false, {}};
        ChartSeries series{label, 0, {}, false};
        std::size_t cpus = 0;
        std::vector<std::string> said;
        for (const auto& arm : input.spec.arms) {
            const auto medians = medians_by_cpu(key, measured(input, samples, arm.name));
            if (medians.empty()) continue;
            cpus = std::max(cpus, medians.size());
            std::vector<std::string> row{arm.name}, figures;
            for (std::size_t cpu = 0; cpu < medians.size(); ++cpu) {
                series.points.push_back({static_cast<double>(cpu),
                                         static_cast<double>(chart.y.categories.size()),
                                         medians[cpu]});
                figures.push_back(figure(medians[cpu], Unit::Count));
            }
            chart.y.categories.push_back(arm.name);
            said.push_back(fmt::format("{}: {}", arm.name, fmt::join(figures, ", ")));
            row.insert(row.end(), figures.begin(), figures.end());
            chart.rows.push_back(row);
        }
        if (series.points.empty()) continue;
        chart.head = {"Arm"};
        for (std::size_t cpu = 0; cpu < cpus; ++cpu) {
            chart.x.categories.push_back(std::to_string(cpu));
            chart.head.push_back(fmt::format("CPU {}", cpu));
        }
        for (auto& row : chart.rows)
            row.resize(chart.head.size(), "-");
        chart.series.push_back(std::move(series));
        chart.description = fmt::format("{} on CPU 0 to {}, median over boots. {}.", label,
                                        cpus - 1, fmt::join(said, "; "));
        out.push_back(std::move(chart));
    }
    return out;
}

std::vector<Chart> curve_charts(const std::vector<Plot>& sweeps) {
    std::vector<Chart> out;
    for (const auto& sweep : sweeps) {
        if (sweep.rows.empty()) continue;
        Chart chart;
        chart.kind = ChartKind::Curve;
        chart.title = fmt::format("{} over {}", trimmed(sweep.label), sweep.key);
        chart.note = "Median over boots; dotted: lowest and highest boot. Steps along the axis are "
                     "the values that were run, evenly spaced.";
        chart.x = {sweep.key, "", false, {}};
        chart.head = {sweep.key, "Arm", "Median", "Lowest", "Highest"};
        std::vector<std::string> arms, said;
        const auto place = [](std::vector<std::string>& list, const std::string& name) {
            const auto known = std::find(list.begin(), list.end(), name);
            if (known != list.end()) return static_cast<std::size_t>(known - list.begin());
            list.push_back(name);
            return list.size() - 1;
        };
        for (const auto& row : sweep.rows) {
            const auto x = static_cast<double>(place(chart.x.categories, row.x));
            const auto arm = place(arms, row.arm);
            if (chart.series.size() < 3 * arms.size())
                for (const bool faint : {false, true, true})
                    chart.series.push_back({row.arm, arm, {}, faint});
            const std::array figures = {row.spread.median, row.spread.min, row.spread.max};
            for (std::size_t i = 0; i < figures.size(); ++i)
                chart.series[3 * arm + i].points.push_back({x, figures[i]});
            const auto told = [&](double value) { return figure(value, sweep.unit); };
            chart.rows.push_back({row.x, row.arm, told(row.spread.median), told(row.spread.min),
                                  told(row.spread.max)});
            said.push_back(fmt::format("{} at {}: {}", row.arm, row.x, told(row.spread.median)));
        }
        chart.y = value_axis(trimmed(sweep.label), sweep.unit, chart.series, 1);
        chart.description = fmt::format("{}. {}.", chart.title, fmt::join(said, "; "));
        out.push_back(std::move(chart));
    }
    return out;
}

json to_json(const Chart& chart) {
    json series = json::array();
    for (const auto& one : chart.series)
        series.push_back({{"name", one.name},
                          {"style", one.style},
                          {"faint", one.faint},
                          {"points", one.points}});
    return {{"kind", name(chart.kind)}, {"title", chart.title}, {"x", to_json(chart.x)},
            {"y", to_json(chart.y)},    {"unit", chart.unit},   {"series", std::move(series)}};
}

} // namespace rig
