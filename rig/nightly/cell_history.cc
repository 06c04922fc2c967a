// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/cell_history.h"

#include "rig/html/dashboard.h"
#include "rig/run_index/trend.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace rig {
namespace {

std::vector<std::string> without_source(std::vector<std::string> overrides) {
    std::erase_if(overrides, [](const std::string& one) {
        return one.starts_with(std::string(kFollowedKey) + "=");
    });
    return overrides;
}

const MetricRecord* figure_of(const RunRecord& run, const std::string& metric,
                              const std::string& arm) {
    for (const auto& one : run.metrics)
        if (one.metric == metric && one.arm == arm && one.median) return &one;
    return nullptr;
}

double size_of(const Level& level) {
    return level.before == 0 || level.after == 0 ? HUGE_VAL
                                                 : std::abs(std::log(level.after / level.before));
}

} // namespace

ChangePointOptions change_options(const NightConfig& config) {
    auto options = DashboardOptions().changes;
    options.significance = config.significance;
    options.min_effect = config.min_effect;
    return options;
}

bool is_of_cell(const RunRecord& run, const NightCell& cell, const std::string& experiment,
                const std::string& text) {
    if (run.experiment != experiment) return false;
    std::vector<std::string> wanted;
    for (const auto& one : cell.overrides)
        wanted.push_back(one.key + "=" + one.value);
    const auto rest = without_source(run.overrides);
    return (rest.size() != run.overrides.size()) == cell.follow.has_value() && rest == wanted &&
           run.spec_sha256 == spec_identity(text, run.overrides);
}

std::vector<const RunRecord*> history_of(const std::vector<RunRecord>& records,
                                         const NightCell& cell, const std::string& experiment,
                                         const std::string& text) {
    std::vector<const RunRecord*> runs;
    for (const auto& run : records)
        if (run.proven() && is_of_cell(run, cell, experiment, text)) runs.push_back(&run);
    std::sort(runs.begin(), runs.end(), [](const RunRecord* a, const RunRecord* b) {
        return std::tie(a->started, a->id) < std::tie(b->started, b->id);
    });
    if (runs.empty()) return runs;
    const auto line_of = [](const RunRecord& run) {
        auto line = dashboard_cell_of(run);
        line.overrides.clear(), line.spec_sha256.clear(); // is_of_cell() has compared these
        return line;
    };
    const auto newest = line_of(*runs.back());
    std::erase_if(runs, [&](const RunRecord* run) { return line_of(*run) != newest; });
    if (runs.size() > kHistory) runs.erase(runs.begin(), runs.end() - kHistory);
    return runs;
}

const RunRecord* find_record(const std::vector<RunRecord>& records, const std::string& id) {
    const auto found = std::find_if(records.begin(), records.end(),
                                    [&](const RunRecord& one) { return one.id == id; });
    return found == records.end() ? nullptr : &*found;
}

const RunRecord* newest_of(const std::vector<RunRecord>& records, const NightCell& cell,
                           const std::string& experiment, const std::string& text,
                           const std::string& before,
                           const std::function<bool(const RunRecord&)>& is) {
    const RunRecord* found = nullptr;
    for (const auto& one : records)
        if ((before.empty() || one.id < before) && (!found || one.id > found->id) &&
            is_of_cell(one, cell, experiment, text) && is(one))
            found = &one;
    return found;
}

std::vector<Step> steps_of(const std::vector<const RunRecord*>& runs, const NightCell& cell,
                           const ChangePointOptions& options) {
    std::vector<Step> steps;
    if (runs.empty()) return steps;
    for (const auto& metric : cell.watch) {
        std::vector<Step> of_metric;
        for (const auto& arm : runs.back()->arms) {
            if (!cell.arms.empty() &&
                std::find(cell.arms.begin(), cell.arms.end(), arm.arm) == cell.arms.end())
                continue;
            const auto* newest = figure_of(*runs.back(), metric, arm.arm);
            if (!newest) continue;
            std::vector<double> values;
            std::vector<std::size_t> places;
            for (std::size_t i = 0; i < runs.size(); ++i)
                if (const auto* figure = figure_of(*runs[i], metric, arm.arm);
                    figure && figure->unit == newest->unit && figure->per_boot == newest->per_boot)
                    values.push_back(*figure->median), places.push_back(i);
            const auto changes = change_points(values, options);
            for (std::size_t i = 0; i < changes.size(); ++i) {
                const auto& change = changes[i];
                const auto from = values.begin() +
                                  static_cast<std::ptrdiff_t>(i ? changes[i - 1].at : 0),
                           to = values.begin() + static_cast<std::ptrdiff_t>(change.at);
                const auto [low, high] = std::minmax_element(from, to);
                const Level level{arm.arm, change.before, change.after, *low, *high};
                const bool rose = change.after > change.before;
                const auto at = places[change.at];
                const auto near =
                    std::find_if(of_metric.begin(), of_metric.end(), [&](const Step& step) {
                        return step.rose == rose &&
                               std::max(step.at, at) - std::min(step.at, at) < options.min_segment;
                    });
                if (near == of_metric.end()) {
                    of_metric.push_back({metric, newest->unit, rose, at, change.p, {level}});
                    continue;
                }
                near->p = std::max(near->p, change.p);
                if (size_of(level) > size_of(near->levels.front()))
                    near->at = at,
                    // The largest step has the most exact place.
                        near->levels.insert(near->levels.begin(), level);
                else
                    near->levels.push_back(level);
            }
        }
        steps.insert(steps.end(), of_metric.begin(), of_metric.end());
    }
    std::stable_sort(steps.begin(), steps.end(),
                     [](const Step& a, const Step& b) { return a.at < b.at; });
    return steps;
}

bool confirms(const Step& step, const std::vector<const RunRecord*>& runs, const RunRecord& more,
              const NightCell& cell, const ChangePointOptions& options) {
    const bool on_level =
        std::all_of(step.levels.begin(), step.levels.end(), [&](const Level& level) {
            const auto* figure = figure_of(more, step.metric, level.arm);
            return figure && std::abs(*figure->median - level.after) <
                                 std::abs(*figure->median - level.before);
        });
    if (!on_level) return false;
    auto longer = runs;
    longer.push_back(&more);
    auto only = cell;
    only.watch = {step.metric};
    const auto again = steps_of(longer, only, options);
    return std::any_of(again.begin(), again.end(), [&](const Step& one) {
        return one.rose == step.rose &&
               std::max(one.at, step.at) - std::min(one.at, step.at) < options.min_segment;
    });
}

} // namespace rig
