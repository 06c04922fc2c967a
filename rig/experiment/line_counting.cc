// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/experiment/line_counting.h"

#include "rig/base/files.h"
#include "rig/derive/call_graph.h"
#include "rig/host/build_context.h"
#include "rig/hypervisor/count_plugin.h"
#include "rig/kernel/symbol_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace rig {
namespace {

bool wanted(const Spec& spec) {
    return spec.arms.size() > 1 && spec.target.lines != LinesWanted::Off &&
           !spec.target.same_path && !spec.target.revisions;
}

Result<PluginChoice> plugin_for(const Spec& spec, const Machine& machine,
                                const Environment& environment) {
    RIG_TRY(elsewhere, environment.hypervisor.other_host());
    if (elsewhere)
        return PluginChoice{{},
                            fmt::format("the guests of {} run on another host", elsewhere->uri)};
    if (machine.clock == GuestClock::Wall)
        return PluginChoice{{},
                            "counting takes time of the host, unlike in each arm, and the wall "
                            "clock would measure it"};
    RIG_TRY(version, environment.hypervisor.version(arch_named(spec.kernel.arch)));
    return choose_plugin(machine.accelerator, version, plugin_folder());
}

// The functions whose entries perf counts, too.
Result<std::map<std::string, std::uint64_t>> entries_of(const Spec& spec, const Arm& arm,
                                                        const Kernel& kernel) {
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel.system_map), kernel.system_map.string()));
    std::map<std::string, std::uint64_t> entries;
    for (const auto& function : {spec.target.function, spec.target.sync_function, arm.marker})
        if (const auto address = symbols.address(function); address && !function.empty())
            entries[function] = *address;
    return entries;
}

bool is_of_instructions(const MetricSpec& metric) {
    return metric.custom && metric.custom->kind == CustomMetric::Kind::Instructions;
}

const MetricSpec* instructions_metric(const Spec& spec) {
    const auto found = std::find_if(spec.metrics.begin(), spec.metrics.end(), is_of_instructions);
    return found == spec.metrics.end() ? nullptr : &*found;
}

// By metric: the code of the function, with the parts that the compiler made functions of their
// own: f.cold, f.part.0, f.isra.0, f.constprop.0.
Result<std::map<std::string, std::vector<CountedRange>>> functions_of(const Spec& spec,
                                                                      const Kernel& kernel) {
    std::map<std::string, std::vector<CountedRange>> out;
    if (!instructions_metric(spec)) return out;
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel.system_map), kernel.system_map.string()));
    const auto functions = symbols.functions();
    for (const auto& metric : spec.metrics) {
        if (!is_of_instructions(metric)) continue;
        std::vector<CountedRange> code;
        for (const auto& bounds : symbols.text_bounds(metric.custom->what))
            code.push_back({bounds.start, bounds.end - bounds.start});
        for (const auto& function : functions)
            if (function.name != metric.custom->what &&
                source_name(function.name) == metric.custom->what)
                code.push_back({function.start, function.end - function.start});
        // Whole steps, so that two functions in a row share no cell.
        out[metric.name] = joined(std::move(code), instruction_step(spec.kernel.arch));
    }
    return out;
}

} // namespace

bool counts_instructions(const Spec& spec) {
    return instructions_metric(spec);
}

Result<LineEvidence> map_changed_lines(const Spec& spec, const Prepared& prepared,
                                       const Machine& machine, const Environment& environment) {
    LineEvidence lines;
    if (!wanted(spec)) return lines;
    RIG_TRY(plugin, plugin_for(spec, machine, environment));
    lines.why_not = plugin.why_not;
    for (const auto& arm : spec.arms)
        if (arm.prebuilt && lines.why_not.empty())
            lines.why_not =
                fmt::format("arm '{}' is a prebuilt image, without its source", arm.name);
    if (!lines.why_not.empty()) {
        if (!spec.arms.front().marker.empty()) return lines;
        return fail(FaultDomain::Spec,
                    fmt::format("{}: the changed lines cannot be counted: {}; want a marker in "
                                "every arm, or guests that QEMU emulates (--clock virtual)",
                                spec.file.string(), lines.why_not));
    }
    const BuildContext context{environment.cache, environment.runner, environment.progress, 0};
    const auto& baseline = spec.arms.front();
    for (std::size_t i = 1; i < spec.arms.size(); ++i) {
        const auto& arm = spec.arms[i];
        auto changes = changes_between(spec, baseline, arm, context);
        if (!changes && changes.error().fault_domain == FaultDomain::Spec &&
            !baseline.marker.empty()) {
            lines.why_not = changes.error().message; // of two sources
            lines.maps.clear();
            return lines;
        }
        if (!changes) return tl::unexpected(changes.error());
        for (const auto side : {TreeSide::Before, TreeSide::After}) {
            const auto& one = side == TreeSide::Before ? baseline : arm;
            const auto& other = side == TreeSide::Before ? arm : baseline;
            const auto& kernel = prepared.kernels.at(one.name);
            RIG_TRY(map, map_lines(spec, one, kernel, *changes, side, context));
            RIG_TRY(entries, entries_of(spec, one, kernel));
            lines.maps.push_back({one.name, other.name, std::move(map), std::move(entries)});
        }
    }
    return lines;
}

Result<std::map<std::string, InstructionCounting>>
counting_of_arms(const Spec& spec, const std::map<std::string, Kernel>& kernels,
                 const LineEvidence& lines, const Machine& machine,
                 const Environment& environment) {
    std::map<std::string, InstructionCounting> out;
    const auto* metric = instructions_metric(spec);
    if (lines.maps.empty() && !metric) return out;
    RIG_TRY(plugin, plugin_for(spec, machine, environment));
    if (plugin.module.empty() && metric)
        return fail(machine.clock == GuestClock::Virtual ? FaultDomain::Host : FaultDomain::Spec,
                    fmt::format("{}: metrics.{}: instructions cannot be counted: {}",
                                spec.file.string(), metric->name, plugin.why_not));
    if (plugin.module.empty())
        return fail(FaultDomain::Host,
                    "the changed lines cannot be counted here: " + plugin.why_not);
    for (const auto& arm : spec.arms) {
        const auto maps = lines.of_arm(arm.name);
        RIG_TRY(functions, functions_of(spec, kernels.at(arm.name)));
        if (maps.empty() && functions.empty()) continue;
        auto ranges = ranges_of(maps);
        for (const auto& [name, code] : functions)
            ranges.insert(ranges.end(), code.begin(), code.end());
        out[arm.name] = {plugin.module,
                         counts_layout(std::move(ranges), spec.guest.vcpus, spec.kernel.arch),
                         std::move(functions)};
    }
    return out;
}

} // namespace rig
