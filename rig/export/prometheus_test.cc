// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/prometheus.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

bool has_line(const std::string& text, const std::string& line) {
    return text.find("\n" + line + "\n") != text.npos;
}

TEST(Prometheus, LabelsAreEscapedAndNumbersAreWhole) {
    PrometheusText text;
    text.family("a_b", "Help.");
    text.sample({}, 1792579968);
    text.sample({{"x", "a\"b\\c\nd"}, {"y", ""}}, 0.5);
    EXPECT_EQ(text.text(), "# HELP a_b Help.\n# TYPE a_b gauge\na_b 1792579968\n"
                           "a_b{x=\"a\\\"b\\\\c\\nd\",y=\"\"} 0.5\n");
}

TEST(Prometheus, RunsByVerdictAndTheNewestOfEachExperiment) {
    const std::vector<RunFigures> runs{
        {"2", "a", "ended", "pass", "2026-02-23T10:00:00Z", "2026-02-23T10:02:00Z"},
        {"1", "a", "ended", "fail", "2026-02-22T10:00:00Z", "2026-02-22T10:01:00Z"},
        {"3", "a", "running", "unknown", "2026-02-24T10:00:00Z", ""},
        {"4", "b", "interrupted", "unknown", "", ""},
    };
    const auto text = metrics_of_runs(runs, "1.2");
    for (const auto* line : {"rig_runs{experiment=\"a\",state=\"ended\",verdict=\"pass\"} 1",
                             "rig_runs{experiment=\"a\",state=\"ended\",verdict=\"fail\"} 1",
                             "rig_runs{experiment=\"a\",state=\"running\",verdict=\"unknown\"} 1",
                             "rig_runs_duration_seconds{experiment=\"a\"} 180",
                             "rig_newest_run_start_timestamp_seconds{experiment=\"a\"} 1771927200",
                             "rig_last_run_duration_seconds{experiment=\"a\"} 120",
                             "rig_last_run_verdict{experiment=\"a\",verdict=\"pass\"} 1",
                             "rig_last_run_verdict{experiment=\"a\",verdict=\"fail\"} 0"})
        EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
    // Of what is not known there is no sample, not a zero.
    EXPECT_EQ(text.find("rig_last_run_duration_seconds{experiment=\"b\"}"), text.npos);
    EXPECT_EQ(text.find("timestamp_seconds{experiment=\"b\"}"), text.npos);
    EXPECT_TRUE(text.ends_with("\n"));
}

TEST(Prometheus, WithoutRunsThereIsAnAnswerStill) {
    EXPECT_TRUE(has_line("\n" + metrics_of_runs({}, "1.2"), "rig_build_info{version=\"1.2\"} 1"));
}

} // namespace
} // namespace rig
