// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/metric_spec.h"

#include "guest/protocol/thread_groups.h"
#include "guest/protocol/workload_counters.h"
#include "rig/arch/arch.h"
#include "rig/spec/experiment_keys.h"
#include "rig/spec/value_rules.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace rig {
namespace {

constexpr const char* kMetricSection = "metrics.NAME";

Status read_exact_values(const SpecTable& table, MetricSpec& metric, const Spec& spec) {
    std::vector<std::string> arms;
    for (const auto& arm : spec.arms)
        arms.push_back(arm.name);
    RIG_CHECK(table.only(arms));
    for (const auto& arm : arms) {
        RIG_CHECK(
            table.require(arm, "a value for every arm: a whole number >= 0 or \"predicted\""));
        const auto* node = table.find(arm);
        if (node->is_string() && node->as_string()->get() == "predicted")
            metric.exactly[arm] = Predicted{};
        else if (node->is_integer() && node->as_integer()->get() >= 0)
            metric.exactly[arm] = node->as_integer()->get();
        else
            return tl::unexpected(table.bad(arm, "a whole number >= 0 or \"predicted\""));
    }
    return {};
}

bool is_known_metric(const std::string& name) {
    const auto& known = metric_names();
    return std::find(known.begin(), known.end(), name) != known.end();
}

const std::map<std::string, CustomMetric::Kind>& metric_sources() {
    using Kind = CustomMetric::Kind;
    static const std::map<std::string, Kind> sources = {
        {"event", Kind::Event},           {"calls_of", Kind::Calls},
        {"latency_of", Kind::Latency},    {"instructions_of", Kind::Instructions},
        {"counter", Kind::Counter},       {"timing", Kind::Timing},
        {"histogram_of", Kind::Histogram}};
    return sources;
}

// A rate needs a workload that calls back to back, and a counter of which more is better.
Status fits_rate(const SpecTable& table, const std::string& counter, const WorkloadSpec& workload) {
    if (workload.pace_us != 0)
        return tl::unexpected(table.bad(
            "counter", fmt::format("it with workload.pace_us = 0: a pace of {} us decides how many "
                                   "calls there are in a second",
                                   workload.pace_us)));
    if (counter == guest::kGupRaceCounters[guest::kCorruptions])
        return tl::unexpected(table.bad(
            "per", fmt::format("it left out: of {} more is worse, and of a rate more is better",
                               counter)));
    for (const auto& group : workload.tables("group")) {
        const auto name = group.text("name");
        const auto errors = group.words("errors");
        bool is_error = counter == guest::errors_counter(name),
             is_calls = counter == kIterationsCounter || counter == guest::calls_counter(name);
        for (const auto& error : errors)
            is_error = is_error || counter == guest::error_counter(name, error);
        for (unsigned i = 0; i < group.number("threads"); ++i)
            is_calls = is_calls || counter == guest::calls_counter(guest::thread_name(name, i));
        if (is_error || (is_calls && !errors.empty()))
            return tl::unexpected(table.bad(
                "per", fmt::format("it left out: {} counts calls of group {} that failed, and of a "
                                   "rate more is better",
                                   counter, name)));
    }
    return {};
}

// `does` is what the workload does with these names: "counts" or "times".
Status known_name(const SpecTable& table, const std::string& key, const std::string& found,
                  const std::vector<std::string>& names, const std::string& workload,
                  std::string_view does, const std::string& otherwise = "") {
    if (std::find(names.begin(), names.end(), found) != names.end()) return {};
    return tl::unexpected(table.bad(
        key,
        (names.empty()
             ? fmt::format("another source: workload \"{}\" {} nothing itself", workload, does)
             : fmt::format("what workload \"{}\" {}: {}", workload, does, fmt::join(names, ", "))) +
            otherwise));
}

Status known_counter(const SpecTable& table, const std::string& counter,
                     const WorkloadSpec& workload, bool per_second) {
    const auto names = counters_of(workload);
    if ((per_second && counter == kIterationsCounter) ||
        std::find(names.begin(), names.end(), counter) != names.end())
        return per_second ? fits_rate(table, counter, workload) : Status{};
    return known_name(table, "counter", counter, names, workload.name, "counts",
                      fmt::format("; with per = \"second\" also {}", kIterationsCounter));
}

Rule rule_of(CustomMetric::Kind kind) {
    using Kind = CustomMetric::Kind;
    if (kind == Kind::Event) return rules::event_name;
    if (kind == Kind::Histogram) return rules::arm_name;
    if (kind == Kind::Counter || kind == Kind::Timing) return rules::metric_name;
    return rules::kernel_function;
}

// Reads a metric that the file defines: exactly one of the sources must be given.
Result<CustomMetric> read_custom_metric(const SpecTable& table, const std::string& name,
                                        const Spec& spec) {
    using Kind = CustomMetric::Kind;
    std::vector<std::string> found;
    for (const auto& key : table.keys())
        if (metric_sources().contains(key)) found.push_back(key);
    if (found.size() > 1)
        return tl::unexpected(table.bad(
            found[1], fmt::format("it left out: {} defines the metric already", found[0])));
    if (name == kFailedChecks)
        return tl::unexpected(table.wrong(fmt::format(
            "bad name {}, want another: it is that of what workload.check finds", table.path())));
    if (auto want = rules::metric_name(name))
        return tl::unexpected(
            table.wrong(fmt::format("bad name {}, want {}", table.path(), *want)));
    const KeyedTable keys(table, kMetricSection);
    CustomMetric custom;
    custom.kind = metric_sources().at(found[0]);
    RIG_CHECK(table.text(found[0], custom.what, rule_of(custom.kind)));
    if (custom.kind != Kind::Counter && table.has("per"))
        return tl::unexpected(table.bad("per", "it left out: it goes with counter"));
    std::string per;
    RIG_CHECK(keys.choice("per", per));
    custom.per_second = !per.empty();
    if (custom.kind == Kind::Counter)
        RIG_CHECK(known_counter(table, custom.what, spec.workload, custom.per_second));
    if (custom.kind == Kind::Timing) {
        std::vector<std::string> names;
        for (const auto& timing : timings_of(spec.workload))
            names.push_back(timing.name);
        RIG_CHECK(known_name(table, "timing", custom.what, names, spec.workload.name, "times"));
    }
    if (custom.kind == Kind::Histogram &&
        std::none_of(spec.backgrounds.begin(), spec.backgrounds.end(),
                     [&](const auto& one) { return one.name == custom.what; }))
        return tl::unexpected(
            table.bad(found[0], "the name of a [[background]] command of this file"));
    if (custom.kind != Kind::Event && table.has("filter"))
        return tl::unexpected(table.bad("filter", "it left out: it goes with event"));
    if (custom.kind != Kind::Event && custom.kind != Kind::Calls && table.has("own"))
        return tl::unexpected(table.bad("own", "it left out: a latency or counter is always the "
                                               "workload's, a histogram the background command's, "
                                               "and instructions are of all tasks"));
    if (table.has("cpu")) {
        if (custom.kind != Kind::Event && custom.kind != Kind::Calls)
            return tl::unexpected(table.bad("cpu", "it left out: it goes with event and calls_of"));
        unsigned cpu = 0;
        RIG_CHECK(table.integer("cpu", cpu, 0, spec.guest.vcpus - 1));
        custom.cpu = cpu;
    }
    RIG_CHECK(table.text("filter", custom.filter, rules::at_most(keys.limit("filter"))));
    RIG_CHECK(table.text("label", custom.label, rules::at_most(keys.limit("label"))));
    RIG_CHECK(table.boolean("own", custom.own));
    return custom;
}

// Whether only the latency pass measures it.
bool is_of_latency_pass(const MetricSpec& metric) {
    using Kind = CustomMetric::Kind;
    static const std::set<std::string> built_in{
        "target_latency",          "call_latency",          "bystander_wakeup",
        "bystander_work_time",     "bystander_user_work",   "bystander_user_gap",
        "caller_bystander_wakeup", "caller_bystander_worst"};
    if (!metric.custom) return built_in.contains(metric.name);
    const auto kind = metric.custom->kind;
    return metric.custom->per_second || kind == Kind::Latency || kind == Kind::Timing ||
           kind == Kind::Histogram;
}

// Refuses what an expectation cannot mean for a metric of which more is better, or less.
Status fits_direction(const SpecTable& table, const MetricSpec& metric) {
    const bool rate = higher_is_better(metric);
    if (metric.kind == ExpectKind::Rises && !rate)
        return tl::unexpected(
            table.bad("expect", "another expectation: only of a counter with per = \"second\" and "
                                "of bystander_user_work is more better"));
    if (rate && (metric.kind == ExpectKind::Falls || metric.kind == ExpectKind::AtMost ||
                 metric.kind == ExpectKind::Exactly))
        return tl::unexpected(table.bad(
            "expect", "report, rises, not-worse or unchanged: of a rate more is better, and no two "
                      "boots have exactly the same"));
    // A rate that falls by more than a half would pass as not worse.
    if (rate && metric.within > 0.5)
        return tl::unexpected(table.bad("within", "0..0.5 for a rate"));
    if (metric.kind == ExpectKind::Rises && table.has("ratio") && metric.ratio <= 1)
        return tl::unexpected(
            table.bad("ratio", "a number above 1: the least rise, such as 1.2 for 20 %"));
    return {};
}

Result<MetricSpec> read_metric(const SpecTable& table, const std::string& name, const Spec& spec) {
    // The one further key that goes with each expectation; any other key would have no effect, so
    // it is refused.
    static const std::map<std::string, std::pair<ExpectKind, std::string>> expectations = {
        {"report", {ExpectKind::Report, ""}},
        {"exactly", {ExpectKind::Exactly, "values"}},
        {"at-most", {ExpectKind::AtMost, "ratio"}},
        {"not-worse", {ExpectKind::NotWorse, "within"}},
        {"unchanged", {ExpectKind::Unchanged, "within"}},
        {"falls", {ExpectKind::Falls, ""}},
        {"rises", {ExpectKind::Rises, ""}},
    };
    if (name == "bystander_interrupts" &&
        (has_threads(spec.workload) || !spec.workload.bystander_cpus.empty()))
        return tl::unexpected(table.wrong(fmt::format(
            "bad name {}, want metrics with event and cpu: it counts every CPU but CPU 0, and here "
            "other CPUs than those are bystanders",
            table.path())));
    const KeyedTable keys(table, kMetricSection);
    const bool defined_here = !is_known_metric(name);
    RIG_CHECK(keys.only(defined_here));
    RIG_CHECK(table.require(
        "expect",
        fmt::format("one of {}", fmt::join(key_named(kMetricSection, "expect").choices, ", "))));
    std::string expect;
    RIG_CHECK(keys.choice("expect", expect));
    const auto& [kind, companion] = expectations.at(expect);
    for (const auto& key : table.keys())
        if (key != companion && !(kind == ExpectKind::Rises && key == "ratio") &&
            (key == "values" || key == "ratio" || key == "within"))
            return tl::unexpected(table.bad(
                key, fmt::format("it left out: {} goes with another expectation than \"{}\"", key,
                                 expect)));
    if (!companion.empty())
        RIG_CHECK(table.require(companion, fmt::format("it with expect = \"{}\"", expect)));

    MetricSpec metric;
    metric.name = name;
    metric.kind = kind;
    RIG_TRY(values, table.table("values"));
    if (values) RIG_CHECK(read_exact_values(*values, metric, spec));
    RIG_CHECK(keys.number("ratio", metric.ratio));
    // With "unchanged" within more than a half, a halved value would pass as unchanged.
    RIG_CHECK(kind == ExpectKind::Unchanged ? table.number("within", metric.within, 0, 0.5)
                                            : keys.number("within", metric.within));
    RIG_CHECK(keys.integer("at_least", metric.at_least));
    if (defined_here) {
        RIG_TRY(custom, read_custom_metric(table, name, spec));
        metric.custom = std::move(custom);
    }
    RIG_CHECK(fits_direction(table, metric));
    if (spec.guest.passes == Passes::Count && is_of_latency_pass(metric) &&
        (metric.kind != ExpectKind::Report || metric.at_least > 0))
        return tl::unexpected(table.bad(
            metric.kind != ExpectKind::Report ? "expect" : "at_least",
            metric.kind != ExpectKind::Report
                ? "\"report\", or guest.passes = \"both\": the latency pass measures it"
                : "it left out, or guest.passes = \"both\": the latency pass measures it"));
    return metric;
}

} // namespace

Status read_metrics(const SpecTable& table, Spec& spec) {
    const auto limit = static_cast<std::size_t>(key_named("", "metrics").high);
    if (table.keys().size() > limit)
        return tl::unexpected(table.wrong(
            fmt::format("bad metrics: {} of them, want at most {}", table.keys().size(), limit)));
    // A name that is not built in needs a definition; without one it is a misspelt built-in name.
    auto accepted = metric_names();
    for (const auto& key : table.keys())
        if (const auto* entry = table.find(key)->as_table();
            entry && std::any_of(metric_sources().begin(), metric_sources().end(),
                                 [&](const auto& source) { return entry->contains(source.first); }))
            accepted.push_back(key);
    RIG_CHECK(table.only(accepted));
    for (const auto& key : table.keys()) {
        RIG_TRY(entry, table.table(key));
        if (key == "sync_ipis" && spec.target.sync_function.empty())
            return tl::unexpected(table.bad_key(
                key, "target.sync_function to name the function whose IPIs are counted"));
        if (const auto why = why_missing(arch_named(spec.kernel.arch), key); !why.empty())
            return tl::unexpected(
                table.bad_key(key, fmt::format("it left out with kernel.arch = \"{}\": {}",
                                               spec.kernel.arch, why)));
        RIG_TRY(metric, read_metric(*entry, key, spec));
        spec.metrics.push_back(std::move(metric));
    }
    return {};
}

const std::vector<std::string>& metric_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> out = {"sync_ipis", "total_ipis", "other_ipis"};
        for (const auto& metric : arch_metrics())
            out.push_back(metric.name);
        out.insert(out.end(), {"call_function_vectors", "bystander_interrupts", "target_latency",
                               "call_latency", "bystander_wakeup", "bystander_work_time",
                               "bystander_user_work", "bystander_user_gap",
                               "caller_bystander_wakeup", "caller_bystander_worst"});
        return out;
    }();
    return names;
}

} // namespace rig
