// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/prometheus.h"

#include "rig/base/utc.h"

#include <fmt/format.h>
#include <optional>
#include <tuple>

namespace rig {
namespace {

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value)
        if (c == '\n')
            out += "\\n";
        else if (c == '\\' || c == '"')
            out += std::string{'\\', c};
        else
            out += c;
    return out;
}

std::optional<double> seconds_of(const RunFigures& run) {
    const auto started = moment_of(run.started), ended = moment_of(run.ended);
    if (!started || !ended || *ended < *started) return std::nullopt;
    return static_cast<double>((*ended - *started).count());
}

} // namespace

void PrometheusText::family(std::string_view name, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
}

void PrometheusText::sample(const MetricLabels& labels, double value) {
    text_ += name_;
    const char* front = "{";
    for (const auto& [label, content] : labels) {
        text_ += fmt::format("{}{}=\"{}\"", front, label, escaped(content));
        front = ",";
    }
    text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
}

std::string metrics_of_runs(const std::vector<RunFigures>& runs, const std::string& version) {
    PrometheusText out;
    out.family("rig_build_info", "Version of rig.");
    out.sample({{"version", version}}, 1);

    std::map<std::tuple<std::string, std::string, std::string>, unsigned> counts;
    std::map<std::string, const RunFigures*> newest, newest_ended;
    std::map<std::string, double> seconds;
    const auto later = [](const RunFigures*& held, const RunFigures& run) {
        if (!held || std::tie(held->started, held->id) < std::tie(run.started, run.id)) held = &run;
    };
    for (const auto& run : runs) {
        ++counts[{run.experiment, run.state, run.verdict}];
        later(newest[run.experiment], run);
        if (const auto took = seconds_of(run)) {
            seconds[run.experiment] += *took;
            later(newest_ended[run.experiment], run);
        }
    }
    out.family("rig_runs", "Runs in the folder of results.");
    for (const auto& [key, count] : counts)
        out.sample({{"experiment", std::get<0>(key)},
                    {"state", std::get<1>(key)},
                    {"verdict", std::get<2>(key)}},
                   count);
    out.family("rig_runs_duration_seconds", "Duration of all runs that ended, together.");
    for (const auto& [experiment, sum] : seconds)
        out.sample({{"experiment", experiment}}, sum);
    out.family("rig_newest_run_start_timestamp_seconds", "Start of the newest run.");
    for (const auto& [experiment, run] : newest)
        if (const auto started = moment_of(run->started))
            out.sample({{"experiment", experiment}},
                       static_cast<double>(started->time_since_epoch().count()));
    out.family("rig_last_run_duration_seconds", "Duration of the newest run that ended.");
    for (const auto& [experiment, run] : newest_ended)
        out.sample({{"experiment", experiment}}, *seconds_of(*run));
    // All verdicts have a sample, so that a rule can wait for one.
    out.family("rig_last_run_verdict", "1 for the verdict of the newest run that ended, else 0.");
    for (const auto& [experiment, run] : newest_ended)
        for (const char* verdict : {"pass", "fail", "inconclusive", "unknown"})
            out.sample({{"experiment", experiment}, {"verdict", verdict}}, run->verdict == verdict);
    return out.text();
}

} // namespace rig
