// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/counted_functions.h"

#include "rig/arch/arch.h"
#include "rig/hypervisor/count_plugin.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {

Result<InstructionCounting> counting_of(const std::vector<std::string>& functions,
                                        const SymbolTable& symbols, const std::string& arch,
                                        unsigned vcpus, Accelerator accelerator,
                                        Hypervisor& hypervisor,
                                        const std::filesystem::path& plugins,
                                        std::vector<CountedRange> ranges) {
    RIG_TRY(elsewhere, hypervisor.other_host());
    if (elsewhere)
        return fail(FaultDomain::Spec,
                    fmt::format("--count, but guests of {} run on another host: want "
                                "a URI of this host, or none",
                                elsewhere->uri));
    RIG_TRY(version, hypervisor.version(arch_named(arch)));
    const auto plugin = choose_plugin(accelerator, version, plugins);
    if (plugin.module.empty()) return fail(FaultDomain::Spec, "--count: " + plugin.why_not);
    for (const auto& function : functions) {
        const auto copies = symbols.text_bounds(function);
        if (copies.empty())
            return fail(FaultDomain::Spec,
                        fmt::format("--count: {} is not a function of this kernel: not "
                                    "compiled in, inlined, or misspelt",
                                    function));
        for (const auto& bounds : copies)
            ranges.push_back({bounds.start, bounds.end - bounds.start});
    }
    return InstructionCounting{plugin.module, counts_layout(std::move(ranges), vcpus, arch)};
}

std::string counting_warnings(const InstructionCounts& counts) {
    std::string text;
    if (!counts.counted()) text += "  ! the plugin saw no guest: nothing was counted\n";
    if (counts.counted() && !counts.exact())
        text += "  ! not exact: several threads executed the guest\n";
    if (counts.counted() && !counts.windows_complete())
        text += "  ! a pass did not begin or did not end: the columns are not to be trusted\n";
    return text;
}

std::string counted_functions_text(const std::vector<std::string>& functions,
                                   const SymbolTable& symbols, const InstructionCounts& counts) {
    const auto total = [&](CountWindow window, std::uint64_t address) {
        return counts.total(window, address).value_or(0);
    };
    std::string text = fmt::format("  {:<32} {:>12} {:>12} {:>12} {:>16}\n", "entered in",
                                   "count pass", "latency pass", "rest", "instructions ran");
    for (const auto& function : functions) {
        const auto copies = symbols.text_bounds(function);
        for (const auto& bounds : copies) {
            std::uint64_t ran = 0;
            for (auto address = bounds.start; address < bounds.end; address += counts.layout().step)
                ran += total(CountWindow::CountPass, address) > 0 ||
                       total(CountWindow::LatencyPass, address) > 0;
            // What tells functions of one name apart: compare with System.map or a backtrace.
            const auto name =
                copies.size() > 1 ? fmt::format("{} at {:#x}", function, bounds.start) : function;
            text += fmt::format("  {:<32} {:>12} {:>12} {:>12} {:>16}\n", name,
                                total(CountWindow::CountPass, bounds.start),
                                total(CountWindow::LatencyPass, bounds.start),
                                total(CountWindow::Rest, bounds.start), ran);
        }
    }
    return text + counting_warnings(counts);
}

nlohmann::json counted_functions_json(const std::vector<std::string>& functions,
                                      const SymbolTable& symbols, const InstructionCounts& counts) {
    auto all = nlohmann::json::object();
    for (const auto& function : functions) {
        const auto bounds = symbols.bounds(function);
        if (!bounds) continue;
        const auto entries = [&](CountWindow window) {
            return counts.total(window, bounds->start).value_or(0);
        };
        all[function] = {{"count_pass", entries(CountWindow::CountPass)},
                         {"latency_pass", entries(CountWindow::LatencyPass)},
                         {"rest", entries(CountWindow::Rest)}};
    }
    return all;
}

} // namespace rig
