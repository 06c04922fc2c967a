// SPDX-License-Identifier: GPL-2.0-or-later
// Figures for Prometheus, in its text format (0.0.4): what `rig serve` answers at /metrics, and the
// file that a night leaves for node_exporter's textfile collector. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

inline constexpr const char* kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// Composes the text, one family after the other. All are gauges: runs can be removed, so that no
// count of them only grows.
class PrometheusText {
 public:
    // Begins a family. `help` is one line.
    void family(std::string_view name, std::string_view help);
    // A sample of the family that was begun last.
    void sample(const MetricLabels& labels, double value);
    std::string text() const { return text_; }

 private:
    std::string text_, name_;
};

// One run, as in RunRecord.
struct RunFigures {
    std::string id, experiment, state, verdict;
    std::string started, ended; // UTC, as in run.json; empty if unknown
};

// rig_runs by experiment, state and verdict, and of each experiment the time of its newest run, and
// verdict and duration of the newest run that ended. Any order of `runs`.
std::string metrics_of_runs(const std::vector<RunFigures>& runs, const std::string& version);

} // namespace rig
