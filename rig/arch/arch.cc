// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/arch/arch.h"

#include <algorithm>
#include <cassert>

namespace rig {

const std::vector<const Arch*>& all_archs() {
    static const std::vector<const Arch*> all = {&x86_64(), &arm64(), &riscv64()};
    return all;
}

const Arch* find_arch(std::string_view name) {
    const auto found = std::find_if(all_archs().begin(), all_archs().end(),
                                    [&](const Arch* arch) { return arch->name == name; });
    return found == all_archs().end() ? nullptr : *found;
}

const Arch& arch_named(std::string_view name) {
    const auto* arch = find_arch(name);
    assert(arch);
    return *arch;
}

const std::vector<ArchMetric>& arch_metrics() {
    static const std::vector<ArchMetric> metrics = [] {
        std::vector<ArchMetric> out;
        for (const auto* arch : all_archs())
            for (const auto& event : arch->events)
                if (!event.label.empty() &&
                    std::none_of(out.begin(), out.end(),
                                 [&](const ArchMetric& one) { return one.name == event.key; }))
                    out.push_back({event.key, event.label});
        return out;
    }();
    return metrics;
}

std::string why_missing(const Arch& arch, std::string_view metric) {
    const auto found = std::find_if(arch.missing.begin(), arch.missing.end(),
                                    [&](const auto& one) { return one.metric == metric; });
    return found == arch.missing.end() ? std::string() : found->reason;
}

} // namespace rig
