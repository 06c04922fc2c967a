// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/dashboard.h"

#include "rig/base/sha256.h"
#include "rig/host/artifact_cache.h"
#include "rig/run_index/trend.h"
#include "rig/stats/estimate.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tuple>

namespace rig {
namespace {

using nlohmann::json;

// Stores each distinct text once; rows contain its number.
class Words {
 public:
    std::size_t number(const std::string& word) {
        const auto [at, added] = numbers_.try_emplace(word, list_.size());
        if (added) list_.push_back(word);
        return at->second;
    }
    const json& list() const { return list_; }

 private:
    std::map<std::string, std::size_t> numbers_;
    json list_ = json::array();
};

std::string id_of(const DashboardCell& cell) {
    return sha256_hex(json{cell.experiment, cell.clock, cell.accelerator, cell.arch, cell.vcpus,
                           cell.overrides, cell.spec_sha256, cell.host_boot}
                          .dump(-1, ' ', true, json::error_handler_t::replace))
        .substr(0, 12);
}

// A script that passes `data` to the page. JSON is valid JavaScript except for two line separators,
// and "</" would end a script element if the file were ever inlined in one.
std::string as_script(const std::string& name, const json& data) {
    auto text = data.dump(-1, ' ', true, json::error_handler_t::replace);
    std::string safe;
    safe.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        safe += text[i];
        if (text[i] == '<') safe.replace(safe.size() - 1, 1, "\\u003c");
    }
    return fmt::format("rigData({}, {});\n", json(name).dump(), safe);
}

json number_or_null(const std::optional<double>& value) {
    return value ? json(*value) : json(nullptr);
}

// The median over boots with its interval, or with their range if there are too few boots for an
// interval.
json point_of(std::size_t run, const MetricRecord& metric, Words& verdicts) {
    std::vector<double> values;
    for (const auto& [boot, value] : boot_values(metric))
        values.push_back(value);
    auto low = metric.minimum, high = metric.maximum;
    bool interval = false;
    if (const auto estimate = median_estimate(values); estimate && estimate->interval) {
        low = estimate->interval->low, high = estimate->interval->high;
        interval = true;
    }
    return {run,
            *metric.median,
            number_or_null(low),
            number_or_null(high),
            interval ? 1 : 0,
            verdicts.number(metric.verdict),
            number_or_null(metric.ratio),
            number_or_null(metric.ratio_low),
            number_or_null(metric.ratio_high)};
}

// All figures of a cell, over its runs in chronological order.
json cell_data(const std::vector<std::pair<std::size_t, const RunRecord*>>& runs,
               const DashboardOptions& options) {
    struct Series {
        std::string unit, per_boot; // as in the newest run
        json points = json::array();
        std::vector<double> medians;
        std::vector<const RunRecord*> runs;
    };
    std::map<std::pair<std::string, std::string>, Series> all; // key: metric and arm
    std::vector<std::string> metric_order, arm_order;          // as in the newest report
    Words verdicts;
    const auto remember = [](std::vector<std::string>& order, const std::string& name) {
        if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
    };
    std::size_t left_out = 0;
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        if (!run->second->proven()) {
            ++left_out;
            continue;
        }
        for (const auto& metric : run->second->metrics) {
            remember(metric_order, metric.metric), remember(arm_order, metric.arm);
            auto& series = all[{metric.metric, metric.arm}];
            if (series.unit.empty()) series.unit = metric.unit, series.per_boot = metric.per_boot;
        }
    }
    for (const auto& [number, run] : runs)
        for (const auto& metric : run->metrics) {
            if (!metric.median || !run->proven()) continue;
            auto& series = all[{metric.metric, metric.arm}];
            if (series.unit != metric.unit || series.per_boot != metric.per_boot)
                continue; // another definition, from another version of rig
            series.points.push_back(point_of(number, metric, verdicts));
            series.medians.push_back(*metric.median);
            series.runs.push_back(run);
        }
    json metrics = json::array();
    std::size_t tested = 0;
    for (const auto& metric : metric_order) {
        json arms = json::array();
        std::string unit;
        for (const auto& arm : arm_order) {
            const auto found = all.find({metric, arm});
            if (found == all.end() || found->second.medians.empty()) continue;
            auto& series = found->second;
            tested += series.medians.size() >= options.min_runs();
            unit = series.unit;
            const auto from =
                series.medians.size() - std::min(series.medians.size(), options.change_window);
            json changes = json::array();
            for (const auto& change :
                 change_points({series.medians.begin() + static_cast<std::ptrdiff_t>(from),
                                series.medians.end()},
                               options.changes)) {
                const auto at = from + change.at;
                changes.push_back(
                    {{"at", at},
                     {"before", change.before},
                     {"after", change.after},
                     {"p", change.p},
                     {"with", changed_between(*series.runs[at - 1], *series.runs[at], arm)}});
            }
            arms.push_back({{"arm", arm},
                            {"points", std::move(series.points)},
                            {"changes", std::move(changes)}});
        }
        if (!arms.empty())
            metrics.push_back({{"metric", metric}, {"unit", unit}, {"arms", std::move(arms)}});
    }
    return {{"metrics", std::move(metrics)},
            {"verdicts", verdicts.list()},
            {"left_out", left_out},
            {"tested", tested}};
}

std::string words(const DashboardCell& cell) {
    auto text = fmt::format("{}, {} clock, {} vCPUs", cell.experiment, cell.clock, cell.vcpus);
    if (!cell.arch.empty()) text += ", " + cell.arch;
    if (cell.accelerator == "kvm") text += ", KVM";
    for (const auto& one : cell.overrides)
        text += ", " + one;
    if (!cell.host_boot.empty()) text += ", boot of the host " + cell.host_boot.substr(0, 8);
    return text;
}

} // namespace

std::size_t DashboardOptions::min_runs() const {
    std::size_t n = 2 * changes.min_segment;
    for (double arrangements = 0;; ++n) {
        arrangements = 1;
        const std::size_t larger = n - n / 2;
        for (std::size_t k = 1; k <= n / 2; ++k)
            arrangements = arrangements * static_cast<double>(larger + k) / static_cast<double>(k);
        if (2 / arrangements <= changes.significance) return n;
    }
}

std::map<std::string, std::string>
dashboard_data(const std::vector<RunRecord>& records,
               const std::function<bool(const std::string& id)>& has_page, const std::string& made,
               const DashboardOptions& options) {
    std::vector<const RunRecord*> runs;
    for (const auto& record : records)
        runs.push_back(&record);
    std::sort(runs.begin(), runs.end(), [](const RunRecord* a, const RunRecord* b) {
        return std::tie(a->started, a->id) < std::tie(b->started, b->id);
    });

    Words experiments, clocks, sources, archs, verdicts, states, arms, rigs;
    std::map<DashboardCell, std::size_t> cell_numbers;
    std::vector<DashboardCell> cells;
    std::vector<std::vector<std::pair<std::size_t, const RunRecord*>>> of_cell;
    json rows = json::array();
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const auto& run = *runs[i];
        const auto cell = dashboard_cell_of(run);
        const auto [at, added] = cell_numbers.try_emplace(cell, cells.size());
        if (added) cells.push_back(cell), of_cell.emplace_back();
        of_cell[at->second].emplace_back(i, &run);
        json of_run = json::array();
        for (const auto& arm : run.arms)
            of_run.push_back(arms.number(arm.arm));
        rows.push_back(
            {run.id, run.started, at->second, experiments.number(run.experiment),
             clocks.number(run.clock), archs.number(run.arch),
             sources.number(run.source.empty()
                                ? (run.arms.empty() ? "" : run.arms.front().kernel_version)
                                : run.source),
             verdicts.number(run.verdict()), states.number(run.state), run.closing, of_run,
             rigs.number(run.rig_version), has_page(run.id) ? 1 : 0, run.samples, run.held,
             run.undecided + run.unseen});
    }
    std::map<std::string, std::string> files;
    json cell_list = json::array();
    std::map<std::string, unsigned> versions; // number of experiment texts per otherwise equal cell
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto& cell = cells[i];
        const auto id = id_of(cell);
        auto text = words(cell);
        if (const auto version = ++versions[text]; version > 1)
            text += fmt::format(", {}. version of its text", version);
        cell_list.push_back({{"id", id},
                             {"words", text},
                             {"experiment", cell.experiment},
                             {"clock", cell.clock},
                             {"vcpus", cell.vcpus},
                             {"arch", cell.arch},
                             {"accelerator", cell.accelerator},
                             {"overrides", cell.overrides}});
        const auto name = "cell-" + id;
        auto data = cell_data(of_cell[i], options);
        data["made"] = made;
        files.emplace("data/" + name + ".js", as_script(name, data));
    }
    files.emplace("data/index.js",
                  as_script("index", {{"made", made},
                                      {"columns",
                                       {"id", "started", "cell", "experiment", "clock", "arch",
                                        "tree", "verdict", "state", "closing", "arms", "rig",
                                        "page", "samples", "held", "open"}},
                                      {"runs", std::move(rows)},
                                      {"cells", std::move(cell_list)},
                                      {"experiments", experiments.list()},
                                      {"clocks", clocks.list()},
                                      {"archs", archs.list()},
                                      {"trees", sources.list()},
                                      {"verdicts", verdicts.list()},
                                      {"states", states.list()},
                                      {"arms", arms.list()},
                                      {"rigs", rigs.list()},
                                      {"changes",
                                       {{"significance", options.changes.significance},
                                        {"least_effect", options.changes.min_effect},
                                        {"window", options.change_window},
                                        {"least_runs", options.min_runs()}}}}));
    return files;
}

std::string dashboard_page(std::string_view style) {
    return fmt::format(R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>rig: all runs</title>
<style>{}</style>
</head>
<body>
<header><h1>rig: all runs</h1><nav aria-label="Views" id="views"></nav></header>
<main id="main" tabindex="-1"><p id="loading">Loading the list of runs.</p><noscript><p>These pages are drawn by a script. Without one, <code>rig list</code> and each run's <code>report.txt</code> say the same.</p></noscript></main>
<script src="dashboard.js"></script>
<script src="data/index.js"></script>
</body>
</html>
)",
                       style);
}

} // namespace rig
