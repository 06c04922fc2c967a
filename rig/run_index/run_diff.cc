// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/run_diff.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

// The columns to compare: all except those in which two runs always differ and those that are shown
// separately.
bool of_set_up(std::string_view column) {
    static constexpr std::string_view wanted[] = {
        "experiment",   "spec_file",   "spec_sha256", "overrides",    "clock",
        "accelerator",  "host_boot",   "arch",        "boots",        "vcpus",
        "seed",         "rig_version", "program",     "qemu_version", "libvirt_version",
        "perf_version", "image",       "source",      "revision"};
    return std::find(std::begin(wanted), std::end(wanted), column) != std::end(wanted);
}

template<class T> std::string text_of(const T& value) {
    if constexpr (std::is_same_v<T, std::vector<std::string>>)
        return fmt::format("{}", fmt::join(value, " "));
    else if constexpr (requires { value.has_value(); })
        return value ? fmt::format("{}", *value) : "";
    else
        return fmt::format("{}", value);
}

template<class Record, class Visit>
std::map<std::string, std::string> texts_of(const Record& record, Visit visit_all) {
    std::map<std::string, std::string> out;
    visit_all(record, [&](const char* name, const auto& value) { out[name] = text_of(value); });
    return out;
}

const ArmRecord* find_arm(const RunRecord& record, std::string_view name) {
    const auto found = std::find_if(record.arms.begin(), record.arms.end(),
                                    [&](const ArmRecord& arm) { return arm.arm == name; });
    return found == record.arms.end() ? nullptr : &*found;
}

void compare_arms(const RunRecord& left, const RunRecord& right,
                  std::vector<SetUpDifference>& out) {
    const auto columns = [](const auto& record, auto visit) { visit_arm_columns(record, visit); };
    for (const auto& arm : left.arms) {
        const auto* other = find_arm(right, arm.arm);
        if (!other) {
            out.push_back({"arm " + arm.arm, "there", "not there"});
            continue;
        }
        const auto ours = texts_of(arm, columns), theirs = texts_of(*other, columns);
        for (const char* column : {"kernel_version", "image_sha256", "key", "compiler", "patches"})
            if (ours.at(column) != theirs.at(column))
                out.push_back(
                    {fmt::format("{} of {}", column, arm.arm), ours.at(column), theirs.at(column)});
    }
    for (const auto& arm : right.arms)
        if (!find_arm(left, arm.arm)) out.push_back({"arm " + arm.arm, "not there", "there"});
}

// The options that arms of the same name set for themselves. The kernels' keys differ by them.
void compare_arm_options(const RunSide& left, const RunSide& right,
                         std::vector<SetUpDifference>& out) {
    if (!left.spec || !right.spec) return;
    const auto text = [](const Arm& arm) {
        std::vector<std::string> words;
        for (const auto& [name, value] : arm.options)
            words.push_back(fmt::format("{}={}", name, value));
        return fmt::format("{}", fmt::join(words, " "));
    };
    for (const auto& arm : left.spec->arms)
        if (const auto* other = right.spec->find_arm(arm.name);
            other && other->options != arm.options)
            out.push_back({"options of " + arm.name, text(arm), text(*other)});
}

const MetricRecord* find_metric(const RunRecord& record, const MetricRecord& like) {
    const auto found =
        std::find_if(record.metrics.begin(), record.metrics.end(), [&](const MetricRecord& one) {
            return one.metric == like.metric && one.arm == like.arm;
        });
    return found == record.metrics.end() ? nullptr : &*found;
}

// The definition of an experiment's own metric; "" for rig's metrics.
std::string definition_in(const RunSide& side, const std::string& metric) {
    if (!side.spec) return "";
    for (const auto& one : side.spec->metrics)
        if (one.name == metric && one.custom) return definition(*one.custom);
    return "";
}

std::string why_not_compared(const RunSide& left, const RunSide& right, const MetricRecord& ours,
                             const MetricRecord& theirs) {
    const auto &a = left.record, &b = right.record;
    if (a.clock != b.clock) return fmt::format("{} clock against {} clock", a.clock, b.clock);
    if (ours.unit != theirs.unit) return fmt::format("{} against {}", ours.unit, theirs.unit);
    if (ours.per_boot != theirs.per_boot)
        return fmt::format("{} of a boot against {}", ours.per_boot, theirs.per_boot);
    if (const auto one = definition_in(left, ours.metric),
        other = definition_in(right, ours.metric);
        one != other)
        return fmt::format("defined otherwise: {} against {}", one.empty() ? "unknown" : one,
                           other.empty() ? "unknown" : other);
    if (a.accelerator != b.accelerator)
        return fmt::format("{} against {}", a.accelerator, b.accelerator);
    if (a.clock == "wall" && (a.host_boot != b.host_boot || a.host_boot.empty()))
        return "wall clock, of different boots of the host";
    return "";
}

MetricDiff compare_metric(const RunSide& left, const RunSide& right, const MetricRecord& ours,
                          const MetricRecord& theirs) {
    MetricDiff out{ours.metric,
                   ours.arm,
                   ours.unit,
                   ours.median,
                   theirs.median,
                   {},
                   0,
                   0,
                   {},
                   ours.verdict,
                   theirs.verdict,
                   why_not_compared(left, right, ours, theirs)};
    if (out.not_compared.empty() && (!ours.median || !theirs.median))
        out.not_compared = "a boot of one of them does not hold it";
    if (!out.not_compared.empty()) return out;
    out.difference = *theirs.median - *ours.median;
    const auto a = boot_values(ours), b = boot_values(theirs);
    if (left.record.clock == "wall") {
        std::vector<double> base, values;
        for (const auto& [boot, value] : a)
            base.push_back(value);
        for (const auto& [boot, value] : b)
            values.push_back(value);
        if (auto test = mann_whitney(values, base)) out.test = *test;
        return out;
    }
    const std::map<unsigned, double> others(b.begin(), b.end());
    for (const auto& [boot, value] : a)
        if (const auto found = others.find(boot); found != others.end())
            ++out.pairs, out.equal += found->second == value;
    return out;
}

SameBoots same_boots(const RunSide& left, const RunSide& right, const std::string& arm) {
    SameBoots out{arm, 0, 0, ""};
    for (const auto* one : boots_of(left.samples, arm))
        for (const auto* other : boots_of(right.samples, arm)) {
            if (one->id.index != other->id.index) continue;
            ++out.pairs;
            const auto difference = first_difference(*one, *other);
            if (difference.empty())
                ++out.identical;
            else if (out.first.empty())
                out.first = fmt::format("boot {}: {}", one->id.index, difference);
        }
    return out;
}

json number(const std::optional<double>& value) {
    return value ? json(*value) : json(nullptr);
}

} // namespace

RunDiff diff_runs(const RunSide& left, const RunSide& right) {
    RunDiff out;
    out.left = left.record.id, out.right = right.record.id;
    out.left_closing = left.record.closing, out.right_closing = right.record.closing;
    const auto columns = [](const auto& record, auto visit) { visit_columns(record, visit); };
    const auto theirs = texts_of(right.record, columns);
    visit_columns(left.record, [&](const char* name, const auto& value) {
        if (of_set_up(name) && text_of(value) != theirs.at(name))
            out.set_up.push_back({name, text_of(value), theirs.at(name)});
    });
    compare_arms(left.record, right.record, out.set_up);
    compare_arm_options(left, right, out.set_up);
    if (left.record.clock == "virtual" && right.record.clock == "virtual")
        for (const auto& arm : left.record.arms)
            if (find_arm(right.record, arm.arm))
                out.boots.push_back(same_boots(left, right, arm.arm));
    for (const auto& metric : left.record.metrics) {
        if (const auto* other = find_metric(right.record, metric))
            out.metrics.push_back(compare_metric(left, right, metric, *other));
        else
            out.metrics.push_back({metric.metric,
                                   metric.arm,
                                   metric.unit,
                                   metric.median,
                                   {},
                                   {},
                                   0,
                                   0,
                                   {},
                                   metric.verdict,
                                   "",
                                   "only in " + out.left});
    }
    for (const auto& metric : right.record.metrics)
        if (!find_metric(left.record, metric))
            out.metrics.push_back({metric.metric,
                                   metric.arm,
                                   metric.unit,
                                   {},
                                   metric.median,
                                   {},
                                   0,
                                   0,
                                   {},
                                   "",
                                   metric.verdict,
                                   "only in " + out.right});
    return out;
}

json to_json(const RunDiff& diff) {
    json out = {{"left", {{"id", diff.left}, {"closing", diff.left_closing}}},
                {"right", {{"id", diff.right}, {"closing", diff.right_closing}}},
                {"set_up", json::array()},
                {"boots", json::array()},
                {"metrics", json::array()},
                {"spec_diff", diff.spec_diff}};
    for (const auto& one : diff.set_up)
        out["set_up"].push_back({{"what", one.what}, {"left", one.left}, {"right", one.right}});
    for (const auto& one : diff.boots)
        out["boots"].push_back({{"arm", one.arm},
                                {"pairs", one.pairs},
                                {"bit_identical", one.identical},
                                {"first_difference", one.first}});
    for (const auto& one : diff.metrics) {
        json row = {{"metric", one.metric},
                    {"arm", one.arm},
                    {"unit", one.unit},
                    {"left", number(one.left)},
                    {"right", number(one.right)},
                    {"difference", number(one.difference)},
                    {"left_verdict", one.left_verdict},
                    {"right_verdict", one.right_verdict},
                    {"pairs", one.pairs},
                    {"equal", one.equal},
                    {"test", nullptr},
                    {"not_compared", one.not_compared}};
        if (one.test)
            row["test"] = {{"test", "Mann-Whitney"},   {"p", one.test->two_sided},
                           {"exact", one.test->exact}, {"n", one.test->n},
                           {"m", one.test->m},         {"corrected", false}};
        out["metrics"].push_back(std::move(row));
    }
    return out;
}

} // namespace rig
