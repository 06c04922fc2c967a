// SPDX-License-Identifier: GPL-2.0-or-later
// What a trial prints besides the report: its plan, and the ways to changed functions.
#include "rig/base/text.h"
#include "rig/trial/trial.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::size_t kMostChanged = 20;
constexpr std::size_t kMostShown = 8; // paths and functions in a text
// Calls between a changed function and an allocation that is named.
constexpr std::size_t kDeepest = 4;

json options_json(const std::vector<TrialOption>& options) {
    json out = json::array();
    for (const auto& option : options)
        out.push_back({{"name", option.name}, {"value", option.value}, {"reason", option.reason}});
    return out;
}

} // namespace

std::vector<WantedFunction> wanted_functions(const ChangedFunctions& changed) {
    std::vector<WantedFunction> wanted;
    for (const auto& one : changed.functions)
        if (one.kind != FunctionChange::Kind::Removed && !one.init)
            wanted.push_back({one.function, fs::path(one.object).replace_extension(".c").string()});
    return wanted;
}

std::string plan_text(const TrialPlan& plan) {
    std::string out = fmt::format("{}\n", printable(plan.series.title));
    const auto line = [&](const std::string& text) { out += wrapped("  " + text, page, 4) + "\n"; };
    for (const auto& patch : plan.series.patches)
        line(fmt::format("{}: {}", patch.file, fmt::join(patch.paths, ", ")));
    for (const auto& remark : plan.remarks)
        line(printable(remark));
    for (const auto& file : plan.derived.files) {
        if (!file.why_not.empty())
            line(fmt::format("{}: {}", file.file, file.why_not));
        else if (!file.objects.empty())
            line(fmt::format("{}: compiled into {}{}", file.file, fmt::join(file.objects, ", "),
                             file.options.empty()
                                 ? ""
                                 : fmt::format(" with {}", fmt::join(file.options, ", "))));
        for (const auto& note : file.notes)
            line(fmt::format("{}: {}", file.file, note));
    }
    for (const auto& option : plan.experiment.options)
        line(fmt::format("option {}={}{}", option.name, option.value,
                         option.reason.empty() ? "" : ": " + option.reason));
    for (const auto& option : plan.experiment.patched_options)
        line(fmt::format("option {}={} of the patched kernel only, because the tree without the "
                         "series does not have it{}",
                         option.name, option.value,
                         option.reason.empty() ? "" : ": " + option.reason));
    if (!plan.experiment.config_differs.empty())
        line(fmt::format("options that differ as a consequence: {}",
                         fmt::join(plan.experiment.config_differs, ", ")));
    for (const auto& conflict : plan.derived.conflicts)
        line("! " + conflict);
    line(plan.experiment.workload.empty()
             ? std::string("workload: the first shipped one that leads to a changed function; none "
                           "was given by --run or --workload")
             : fmt::format(
                   "workload: {}{}", plan.experiment.workload,
                   plan.experiment.command.empty() ? "" : ": " + plan.experiment.command.back()));
    if (!plan.experiment.command.empty())
        line(fmt::format("programs of this machine in the guest: {}; all else in the command is "
                         "busybox's",
                         plan.experiment.image_files.empty()
                             ? "none"
                             : fmt::format("{}", fmt::join(plan.experiment.image_files, ", "))));
    for (const auto& bound : plan.experiment.bounds)
        line(fmt::format("bound: {} not worse by more than {:g} %", bound.metric,
                         bound.within * 100));
    line(plan.experiment.target.empty()
             ? std::string("latency: of the first function whose machine code differs, which is "
                           "known once both kernels are built (--target names another)")
             : fmt::format("latency: of {}()", plan.experiment.target));
    line(fmt::format("boots: {}", plan.experiment.boots
                                      ? fmt::format("{} of each kernel", plan.experiment.boots)
                                      : "as many as the number of metrics needs"));
    line(fmt::format("experiment: {}, written once both kernels are built", plan.file.string()));
    return out;
}

std::string plan_json(const TrialPlan& plan) {
    json patches = json::array(), files = json::array();
    for (const auto& patch : plan.series.patches)
        patches.push_back({{"file", patch.file},
                           {"subject", patch.subject},
                           {"author", patch.author},
                           {"paths", patch.paths}});
    for (const auto& file : plan.derived.files)
        files.push_back({{"file", file.file},
                         {"objects", file.objects},
                         {"options", file.options},
                         {"notes", file.notes},
                         {"why_not", file.why_not}});
    return json{{"title", plan.series.title},
                {"patches", patches},
                {"remarks", plan.remarks},
                {"files", files},
                {"options", options_json(plan.experiment.options)},
                {"patched_options", options_json(plan.experiment.patched_options)},
                {"config_differs", plan.experiment.config_differs},
                {"conflicts", plan.derived.conflicts},
                {"workload", plan.experiment.workload},
                {"experiment", plan.file.string()}}
               .dump(2, ' ', false, json::error_handler_t::replace) +
           "\n";
}

std::string ways_text(const TrialKernels& kernels) {
    const auto ways = ways_to(kernels.graph, wanted_functions(kernels.changed));
    std::string out;
    const auto list = [&](const std::string& heading, const std::vector<std::string>& entries) {
        if (entries.empty()) return;
        out += heading + "\n";
        for (std::size_t i = 0; i < std::min(entries.size(), kMostShown); ++i)
            out += wrapped("  " + entries[i], page, 4) + "\n";
        if (entries.size() > kMostShown)
            out += fmt::format("  and {} more\n", entries.size() - kMostShown);
    };
    std::vector<std::string> calls, indirect, workloads, allocations;
    for (const auto& way : ways.system_calls)
        calls.push_back(fmt::format("{}: {}", way.system_call, fmt::join(way.path, " > ")));
    for (const auto& way : ways.indirect)
        indirect.push_back(fmt::format("{}{}: {}", way.function, way.at_boot ? " (at boot)" : "",
                                       fmt::join(way.path, " > ")));
    for (const auto& way : ways.workloads)
        workloads.push_back(fmt::format("--workload {}: it calls {}", way.workload, way.by));
    for (const auto& way : ways.allocations)
        if (way.path.size() <= kDeepest + 1)
            allocations.push_back(
                fmt::format("{}: {}", way.fault_point, fmt::join(way.path, " > ")));
    list("System calls that lead to the changed functions", calls);
    list("Called through a pointer, from where is unknown", indirect);
    list("Shipped workloads that lead there", workloads);
    list(
        fmt::format("Allocations at most {} calls below them that could be made to fail", kDeepest),
        allocations);
    if (!ways.missing.empty()) list("Not in the kernel as functions of their own", ways.missing);
    return out;
}

nlohmann::json ways_json(const TrialKernels& kernels) {
    const auto ways = ways_to(kernels.graph, wanted_functions(kernels.changed));
    json calls = json::array(), indirect = json::array(), workloads = json::array(),
         allocations = json::array();
    for (const auto& way : ways.system_calls)
        calls.push_back({{"system_call", way.system_call}, {"path", way.path}});
    for (const auto& way : ways.indirect)
        indirect.push_back(
            {{"function", way.function}, {"at_boot", way.at_boot}, {"path", way.path}});
    for (const auto& way : ways.workloads)
        workloads.push_back({{"workload", way.workload}, {"by", way.by}});
    for (const auto& way : ways.allocations)
        allocations.push_back(
            {{"fault_point", way.fault_point}, {"function", way.function}, {"path", way.path}});
    return {{"system_calls", calls},
            {"indirect", indirect},
            {"workloads", workloads},
            {"allocations", allocations},
            {"missing", ways.missing}};
}

nlohmann::json trial_json(const TrialPlan& plan, const TrialKernels& kernels) {
    json functions = json::array(), data = json::array();
    for (const auto& one : kernels.changed.functions)
        functions.push_back({{"function", one.function},
                             {"object", one.object},
                             {"kind", words_of(one.kind)},
                             {"init", one.init},
                             {"only_numbers", one.only_numbers}});
    for (const auto& one : kernels.changed.only_data)
        data.push_back({{"object", one.object}, {"sections", one.sections}});
    return {{"experiment", plan.file.string()},
            {"remarks", plan.remarks},
            {"changed_functions", functions},
            {"only_data", data}};
}

std::string changed_text(const ChangedFunctions& changed) {
    std::string out;
    std::size_t shown = 0;
    for (const auto& one : changed.functions)
        if (shown++ < kMostChanged)
            out += fmt::format("  {} {}() in {}{}\n", words_of(one.kind), one.function, one.object,
                               one.init           ? ", freed after boot"
                               : one.only_numbers ? ", in numbers only (such as line numbers)"
                                                  : "");
    if (shown > kMostChanged) out += fmt::format("  and {} more functions\n", shown - kMostChanged);
    for (const auto& one : changed.only_data)
        out += fmt::format("  only data differ in {}: {}\n", one.object,
                           fmt::join(one.sections, ", "));
    return out;
}

} // namespace rig
