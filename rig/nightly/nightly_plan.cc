// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/nightly_plan.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tuple>

namespace rig {

std::vector<std::string> changed_parts(const CellParts& before, const CellParts& after) {
    std::vector<std::string> out;
    const auto look = [&](const std::string& a, const std::string& b, const char* name) {
        if (!a.empty() && !b.empty() && a != b) out.emplace_back(name);
    };
    look(before.source, after.source, "kernel source");
    look(before.kernel, after.kernel, "patches or configuration");
    look(before.text, after.text, "experiment file");
    look(before.rig, after.rig, "rig");
    return out;
}

std::vector<PlannedCell> plan_night(const NightConfig& config, const std::vector<CellParts>& parts,
                                    const NightMemory& memory) {
    struct Ranked {
        unsigned rank;
        std::string last;
        PlannedCell cell;
    };
    std::vector<Ranked> ranked;
    for (std::size_t i = 0; i < config.cells.size(); ++i) {
        const auto found = memory.find(config.cells[i].name);
        if (found == memory.end() || found->second.last.empty()) {
            ranked.push_back({0, "", {i, "never ran", config.first_run_minutes * 60.0, true}});
            continue;
        }
        const auto& known = found->second;
        const auto changed = changed_parts(known.parts, parts.at(i));
        ranked.push_back({changed.empty() ? 2u : 1u,
                          known.last,
                          {i,
                           changed.empty() ? "last ran " + known.last
                                           : fmt::format("changed: {}", fmt::join(changed, ", ")),
                           known.seconds, false}});
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
        return std::tie(a.rank, a.last) < std::tie(b.rank, b.last);
    });
    std::vector<PlannedCell> out;
    for (auto& one : ranked)
        out.push_back(std::move(one.cell));
    return out;
}

std::string no_time_for(const PlannedCell& cell, double spent, unsigned budget_minutes) {
    const double budget = budget_minutes * 60.0;
    if (spent + cell.seconds <= budget) return "";
    const auto takes = cell.guessed
                           ? fmt::format("taken to need {} (it never ran; first_run_minutes)",
                                         duration_text(cell.seconds))
                           : fmt::format("its last run took {}", duration_text(cell.seconds));
    if (cell.seconds > budget)
        return fmt::format("no budget holds it: {}, budget_minutes is {}", takes, budget_minutes);
    return fmt::format("no time left: {}, of {} min are left {}", takes, budget_minutes,
                       duration_text(std::max(0.0, budget - spent)));
}

std::string unchanged_since(const CellParts& parts, const CellMemory* memory,
                            const std::string& since) {
    if (!memory || memory->last.empty() || !changed_parts(memory->parts, parts).empty() ||
        memory->changed >= since)
        return "";
    return fmt::format(
        "nothing of it changed since {}: source, patches, experiment and rig are those of {}",
        since, memory->changed);
}

std::string duration_text(double seconds) {
    const auto whole = std::lround(seconds);
    if (whole < 60) return fmt::format("{} s", whole);
    const auto minutes = (whole + 30) / 60;
    return minutes < 60 ? fmt::format("{} min", minutes)
                        : fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

} // namespace rig
