// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/trial/trial_experiment.h"

#include "rig/arch/arch.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <set>

namespace rig {
namespace {

constexpr double kFamilyError = 0.05;
constexpr unsigned kFewestBoots = 6, kMostBoots = 1000;
constexpr std::size_t kLongestSlug = 40;
constexpr std::size_t kLongestName = 32, kLongestLabel = 40; // of a metric
constexpr std::size_t kMostDiffering = 512;                  // names that config_differs takes

std::string list_of(const std::vector<std::string>& texts) {
    std::vector<std::string> all;
    for (const auto& text : texts)
        all.push_back(toml_text(text));
    return fmt::format("[{}]", fmt::join(all, ", "));
}

// An option's value as [kernel.options] takes it. A text keeps the quotes that a .config has.
std::string option_value(const std::string& value) {
    const bool number =
        !value.empty() && std::all_of(value.begin(), value.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
    if (number && (value == "0" || value[0] != '0')) return value;
    return toml_text(value);
}

std::string options_text(const std::vector<TrialOption>& options) {
    std::string out;
    for (const auto& option : options)
        out += fmt::format("{} = {}{}\n", option.name, option_value(option.value),
                           option.reason.empty() ? "" : " # " + option.reason);
    return out;
}

// One metric of the file.
struct Entry {
    std::string name;
    std::vector<std::string> lines; // besides `expect`
    std::string remark;
};

// "calls_tlb_remove_table", at most as long as the name of a metric may be. Functions that differ
// in case, in dots or behind the limit get a number.
std::string metric_name(const std::string& prefix, const std::string& function,
                        std::set<std::string>& taken) {
    std::string name = prefix;
    for (const unsigned char c : function)
        name += std::isalnum(c) ? static_cast<char>(std::tolower(c)) : '_';
    name = name.substr(0, kLongestName);
    for (unsigned n = 2; !taken.insert(name).second; ++n) {
        const auto number = fmt::format("_{}", n);
        name = name.substr(0, kLongestName - number.size()) + number;
    }
    return name;
}

std::vector<Entry> entries_of(const TrialExperiment& trial) {
    std::set<std::string> taken;
    const auto of_function = [&](const char* prefix, const char* key, const char* label,
                                 const std::string& function) {
        Entry entry{
            metric_name(prefix, function, taken), {key + (" = " + toml_text(function))}, ""};
        if (const auto text = label + (" " + function) + "()"; text.size() <= kLongestLabel)
            entry.lines.push_back("label = " + toml_text(text));
        return entry;
    };
    std::vector<Entry> out{{"target_latency", {}, "of " + trial.target + "()"},
                           {"call_latency", {}, "one iteration of the workload"},
                           {"total_ipis", {}, ""},
                           {"tlb_flushes", {}, ""},
                           {"bystander_wakeup", {}, ""},
                           {"bystander_work_time", {}, ""}};
    out.push_back({"context_switches",
                   {"event = \"sched:sched_switch\"", "own = true", "label = \"context switches\""},
                   "of the workload's tasks"});
    // Every architecture has this function, and not every one a tracepoint.
    out.push_back({"page_faults",
                   {"calls_of = \"handle_mm_fault\"", "own = true", "label = \"page faults\""},
                   "of the workload's tasks"});
    auto functions = trial.functions;
    functions.insert(functions.begin(), trial.target);
    for (const auto& function : functions) {
        out.push_back(of_function("calls_", "calls_of", "calls of", function));
        out.push_back(of_function("instructions_", "instructions_of", "instructions of", function));
        if (function != trial.target)
            out.push_back(of_function("latency_", "latency_of", "latency of", function));
    }
    const auto* arch = find_arch(trial.arch);
    std::erase_if(
        out, [&](const Entry& entry) { return arch && !why_missing(*arch, entry.name).empty(); });
    return out;
}

// Metrics of a changed function: one of these and its name.
constexpr std::array kOfFunction{"calls_", "instructions_", "latency_"};

// A bound names a function as the kernel does; the name of a metric is shorter and in lower case.
NotWorse of_metric(NotWorse bound, const TrialExperiment& trial) {
    if (!trial.target.empty() && bound.metric == "latency_" + trial.target)
        bound.metric = "target_latency";
    for (const std::string prefix : kOfFunction)
        if (bound.metric.starts_with(prefix)) {
            std::set<std::string> none;
            bound.metric = metric_name(prefix, bound.metric.substr(prefix.size()), none);
        }
    return bound;
}

} // namespace

// JSON's escapes are a part of those of TOML's basic strings.
std::string toml_text(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<NotWorse> parse_not_worse(const std::string& text) {
    const auto wrong = [&] {
        return fail(FaultDomain::Spec,
                    fmt::format("--not-worse {}: want METRIC=PERCENT%, such as latency=1%", text));
    };
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0 || !text.ends_with('%')) return wrong();
    NotWorse bound;
    bound.metric = text.substr(0, equals);
    double percent = 0;
    const auto* begin = text.data() + equals + 1;
    const auto* end = text.data() + text.size() - 1;
    const auto [stop, error] = std::from_chars(begin, end, percent);
    if (error != std::errc() || stop != end || !std::isfinite(percent) || percent < 0 ||
        percent > 1000)
        return wrong();
    bound.within = percent / 100;
    if (bound.metric == "latency") bound.metric = "target_latency";
    if (bound.metric == "duration") bound.metric = "call_latency";
    if (bound.metric == "ipis") bound.metric = "total_ipis";
    return bound;
}

Status check_bounds(const std::vector<NotWorse>& bounds, const std::string& arch) {
    std::set<std::string> names;
    TrialExperiment any;
    any.arch = arch;
    for (const auto& entry : entries_of(any))
        names.insert(entry.name);
    for (const auto* prefix : kOfFunction)
        names.erase(prefix); // of a trial that names no function yet
    for (const auto& bound : bounds)
        if (!names.contains(bound.metric) &&
            std::none_of(kOfFunction.begin(), kOfFunction.end(), [&](const char* prefix) {
                return bound.metric.starts_with(prefix) && bound.metric != prefix;
            }))
            return fail(FaultDomain::Spec,
                        fmt::format("--not-worse {}: no such metric, accepted: latency, duration, "
                                    "ipis, {}, and calls_, instructions_ or latency_ with a "
                                    "changed function, such as calls_vmstat_refresh",
                                    bound.metric, fmt::join(names, ", ")));
    return {};
}

unsigned boots_for(std::size_t comparisons) {
    for (unsigned n = kFewestBoots; n < kMostBoots; ++n)
        if (static_cast<double>(std::max<std::size_t>(comparisons, 1)) *
                std::pow(2.0, 1.0 - static_cast<double>(n)) <=
            kFamilyError)
            return n;
    return kMostBoots;
}

std::string slug_of(const std::string& title) {
    std::string slug;
    for (const unsigned char c : title) {
        if (std::isalnum(c) && c < 128)
            slug += static_cast<char>(std::tolower(c));
        else if (!slug.empty() && slug.back() != '-')
            slug += '-';
    }
    if (slug.size() > kLongestSlug) { // whole words, if there are several
        const auto end = slug.rfind('-', kLongestSlug);
        slug.resize(end == slug.npos || end == 0 ? kLongestSlug : end);
    }
    while (slug.ends_with('-'))
        slug.pop_back();
    return slug.empty() ? "patch" : slug;
}

Result<std::string> experiment_text(const TrialExperiment& trial) {
    const auto entries = entries_of(trial);
    std::set<std::string> names;
    for (const auto& entry : entries)
        names.insert(entry.name);
    std::vector<NotWorse> bounds;
    for (const auto& bound : trial.bounds)
        bounds.push_back(of_metric(bound, trial));
    for (const auto& bound : bounds)
        if (!names.contains(bound.metric))
            return fail(FaultDomain::Spec,
                        fmt::format("--not-worse {}: no such metric, accepted: latency, duration, "
                                    "ipis, {}",
                                    bound.metric, fmt::join(names, ", ")));
    std::string out = fmt::format(
        "# Written by `rig try`. `rig compare` with this file makes the same run again. Replace\n"
        "# expect = \"report\" by what you declare: not-worse, at-most, falls, exactly.\n"
        "name = {}\ndescription = {}\n\n[kernel]\nsource = {}\narch = {}\n"
        "prerequisites = {}\nfragments = {}\n",
        toml_text(trial.name), toml_text(trial.description), trial.source, toml_text(trial.arch),
        list_of(trial.prerequisites), list_of(trial.fragments));
    if (!trial.options.empty()) out += "\n[kernel.options]\n" + options_text(trial.options);
    out += fmt::format("\n[[arm]]\nname = \"base\"\nseries = []\n\n[[arm]]\nname = \"patched\"\n"
                       "series = [{}]\n",
                       toml_text(trial.series));
    if (!trial.config_differs.empty())
        out += fmt::format("config_differs = {} # from the series' Kconfig files\n",
                           trial.config_differs.size() > kMostDiffering
                               ? list_of({"*"})
                               : list_of(trial.config_differs));
    if (!trial.patched_options.empty())
        out += "[arm.options] # the tree without the series does not have them\n" +
               options_text(trial.patched_options);
    // The workload's calls are one more comparison than the metrics that are shown.
    const auto boots = trial.boots ? trial.boots : boots_for(entries.size());
    out += fmt::format("\n[guest]\nvcpus = {}\nclock = {}\nboots = {}\n", trial.vcpus,
                       toml_text(trial.clock), boots);
    if (!trial.image_files.empty())
        out += fmt::format("\n[image]\nfiles = {}\n", list_of(trial.image_files));
    out += fmt::format("\n[workload]\nname = {}\niterations = {}\npace_us = {}\n",
                       toml_text(trial.workload), trial.iterations, trial.pace_us);
    if (!trial.command.empty()) out += fmt::format("command = {}\n", list_of(trial.command));
    out += "\n[fault]\n";
    out += trial.fault.empty() ? std::string("enabled = false\n")
                               : fmt::format("function = {}\n", toml_text(trial.fault));
    out += fmt::format("\n[target]\nfunction = {}\n", toml_text(trial.target));
    for (const auto& entry : entries) {
        const auto bound = std::find_if(bounds.begin(), bounds.end(), [&](const NotWorse& one) {
            return one.metric == entry.name;
        });
        out += fmt::format("\n[metrics.{}]{}\n", entry.name,
                           entry.remark.empty() ? "" : " # " + entry.remark);
        for (const auto& line : entry.lines)
            out += line + "\n";
        if (bound == bounds.end())
            out += "expect = \"report\"\n";
        else
            out += fmt::format("expect = \"not-worse\"\nwithin = {}\n", bound->within);
    }
    return out;
}

} // namespace rig
