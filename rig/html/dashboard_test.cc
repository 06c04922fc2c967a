// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/dashboard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

namespace rig {
namespace {

using nlohmann::json;

MetricRecord figure_of(const std::string& arm, double median) {
    MetricRecord metric;
    metric.metric = "sync_ipis";
    metric.arm = arm;
    metric.unit = "count";
    json boots = json::array();
    for (unsigned boot = 0; boot < 8; ++boot)
        boots.push_back({boot, median + boot % 2});
    metric.boots = boots.dump();
    metric.minimum = median, metric.maximum = median + 1, metric.median = median;
    metric.verdict = "as declared";
    return metric;
}

// Nights 0..29 of one experiment: from night 20 on the reviewed arm differs.
std::vector<RunRecord> nights() {
    std::vector<RunRecord> runs;
    for (unsigned night = 0; night < 30; ++night) {
        RunRecord run;
        run.id = fmt::format("202602{:02}-010000-alloc", night + 1);
        run.started = fmt::format("2026-02-{:02}T01:00:00Z", night + 1);
        run.state = "ended";
        run.experiment = "alloc";
        run.clock = "virtual";
        run.accelerator = "tcg";
        run.arch = "x86";
        run.vcpus = 4;
        run.exit = night < 20 ? 0 : 1;
        run.program = "rig";
        run.arms = {{}, {}};
        run.arms[0].arm = "ipi", run.arms[1].arm = "reviewed";
        run.arms[1].image_sha256 = night < 20 ? "old" : "new";
        run.metrics = {figure_of("ipi", 240), figure_of("reviewed", night < 20 ? 0 : 80)};
        runs.push_back(run);
    }
    return runs;
}

json data_of(const std::map<std::string, std::string>& files, const std::string& name) {
    const auto& text = files.at("data/" + name + ".js");
    const auto begin = "rigData(\"" + name + "\", ";
    EXPECT_TRUE(text.starts_with(begin) && text.ends_with(");\n")) << text.substr(0, 60);
    return json::parse(text.substr(begin.size(), text.size() - begin.size() - 3));
}

// The cell that contains run `run`.
json cell_of(const std::map<std::string, std::string>& files, std::size_t run) {
    const auto index = data_of(files, "index");
    return data_of(
        files,
        "cell-" +
            index["cells"][index["runs"][run][2].get<std::size_t>()]["id"].get<std::string>());
}

const auto kNoPages = [](const std::string&) { return false; };

TEST(Dashboard, ATrendHasItsChangePoint) {
    const auto files = dashboard_data(nights(), kNoPages, "2026-03-01T00:00:00Z");
    const auto cell = cell_of(files, 0);
    ASSERT_EQ(cell["metrics"].size(), 1u);
    const auto& arms = cell["metrics"][0]["arms"];
    ASSERT_EQ(arms.size(), 2u);
    EXPECT_EQ(arms[0]["changes"], json::array());
    ASSERT_EQ(arms[1]["changes"].size(), 1u);
    EXPECT_EQ(arms[1]["changes"][0]["at"], 20);
    EXPECT_EQ(arms[1]["changes"][0]["before"], 0);
    EXPECT_EQ(arms[1]["changes"][0]["after"], 80);
    EXPECT_EQ(arms[1]["changes"][0]["with"], json({"the arm's kernel"}));
    // run, median, low, high, whether they are an interval
    EXPECT_EQ(arms[1]["points"][20][0], 20);
    EXPECT_EQ(arms[1]["points"][20][1], 80);
    EXPECT_EQ(arms[1]["points"][20][2], 80);
    EXPECT_EQ(arms[1]["points"][20][3], 81);
    EXPECT_EQ(arms[1]["points"][20][4], 1) << "eight boots have an interval of 95 %";
    const auto index = data_of(files, "index");
    EXPECT_EQ(index["runs"].size(), 30u);
    EXPECT_EQ(index["verdicts"], json({"pass", "fail"}));
    EXPECT_EQ(cell["tested"], 2);
    EXPECT_EQ(cell["made"], index["made"]);
}

// Every other difference at the step is named, whatever its cause.
TEST(Dashboard, AStepSaysWhatElseIsAnother) {
    auto runs = nights();
    for (std::size_t night = 0; night < runs.size(); ++night) {
        runs[night].arms[1].image_sha256 = "same";
        if (night >= 20)
            runs[night].program = "newer", runs[night].image = "other",
            runs[night].qemu_version = "8", runs[night].libvirt_version = "9", runs[night].seed = 2;
    }
    EXPECT_EQ(cell_of(dashboard_data(runs, kNoPages, ""),
                      0)["metrics"][0]["arms"][1]["changes"][0]["with"],
              json({"rig", "the guest's programs (agent, perf, busybox)", "QEMU", "libvirt",
                    "seed or number of boots"}));
}

// A different clock, machine, override or experiment text makes another trend line, and so does
// another boot of the host under the wall clock.
TEST(Dashboard, OnlyLikeIsPutInOneLine) {
    auto runs = nights();
    runs[1].vcpus = 8;
    runs[2].clock = "wall", runs[2].host_boot = "first";
    runs[3].clock = "wall", runs[3].host_boot = "second";
    runs[4].overrides = {"fault.times=5"};
    runs[5].accelerator = "kvm";
    runs[6].spec_sha256 = "edited";
    runs[7].host_boot = "nobody asks under the virtual clock";
    const auto files = dashboard_data(runs, kNoPages, "");
    const auto cells = data_of(files, "index")["cells"];
    EXPECT_EQ(cells.size(), 7u);
    std::multiset<std::size_t> sizes;
    std::set<std::string> names;
    for (const auto& cell : cells) {
        sizes.insert(
            data_of(files,
                    "cell-" + cell["id"].get<std::string>())["metrics"][0]["arms"][0]["points"]
                .size());
        EXPECT_TRUE(names.insert(cell["words"]).second) << cell["words"] << " is the name of two";
    }
    EXPECT_EQ(sizes, (std::multiset<std::size_t>{1, 1, 1, 1, 1, 1, 24}));
    // The address of an experiment stays the same when others are added or removed.
    EXPECT_EQ(data_of(dashboard_data({runs[8], runs[1]}, kNoPages, ""), "index")["cells"].size(),
              2u);
    EXPECT_TRUE(dashboard_data({runs[8]}, kNoPages, "")
                    .contains("data/cell-" + cells[0]["id"].get<std::string>() + ".js"));
}

// Runs with failed validity checks and incomplete runs are not in trend lines.
TEST(Dashboard, WhatWasNotProvenIsInNoLine) {
    auto runs = nights();
    runs[5].arms[1].checks_failed = 1;
    runs[6].state = "interrupted";
    runs[7].state = "running";
    runs[8].metrics[0].per_boot = "mean"; // the definition of another version of rig
    const auto cell = cell_of(dashboard_data(runs, kNoPages, ""), 0);
    EXPECT_EQ(cell["left_out"], 3);
    EXPECT_EQ(cell["metrics"][0]["arms"][0]["points"].size(), 26u);
    EXPECT_EQ(cell["metrics"][0]["arms"][1]["points"].size(), 27u);
}

// Too few runs to find anything are reported as not tested, not as unchanged.
TEST(Dashboard, FewRunsAreNotTested) {
    const DashboardOptions options;
    EXPECT_EQ(options.min_runs(), 10u) << "2 / C(10, 5) = 0.0079, 2 / C(9, 4) = 0.016";
    auto runs = nights();
    runs.resize(9);
    EXPECT_EQ(cell_of(dashboard_data(runs, kNoPages, ""), 0)["tested"], 0);
    // Ten runs before a clean step and five after it suffice with the options of the site.
    runs = nights();
    runs.erase(runs.begin(), runs.begin() + 10);
    runs.resize(15);
    EXPECT_EQ(
        cell_of(dashboard_data(runs, kNoPages, ""), 0)["metrics"][0]["arms"][1]["changes"].size(),
        1u);
}

TEST(Dashboard, ARunWithoutFiguresIsInTheListAndInNoTrend) {
    auto runs = nights();
    runs[5].metrics.clear();
    runs[5].state = "interrupted";
    runs[5].exit.reset();
    const auto files = dashboard_data(
        runs, [](const std::string& id) { return id == "20260203-010000-alloc"; }, "");
    const auto index = data_of(files, "index");
    EXPECT_EQ(index["runs"].size(), 30u);
    EXPECT_EQ(index["verdicts"][index["runs"][5][7].get<std::size_t>()], "unknown");
    EXPECT_EQ(cell_of(files, 0)["metrics"][0]["arms"][0]["points"].size(), 29u);
    EXPECT_EQ(index["runs"][2][12], 1);
    EXPECT_EQ(index["runs"][3][12], 0);
}

TEST(Dashboard, TextsOfRunsStayTexts) {
    auto runs = nights();
    runs[0].closing = "</script><script>alert(1)</script>\xe2\x80\xa8 \xff";
    runs[0].arms[0].arm = "\"); alert(1); (\"";
    const auto files = dashboard_data(runs, kNoPages, "");
    const auto& text = files.at("data/index.js");
    EXPECT_EQ(text.find("</script"), text.npos);
    EXPECT_EQ(text.find("\xe2\x80\xa8"), text.npos)
        << "a line separator ends a string in older scripts";
    EXPECT_EQ(data_of(files, "index")["runs"][0][9].get<std::string>().substr(0, 17),
              "</script><script>");
    EXPECT_EQ(data_of(files, "index")["arms"][0], "\"); alert(1); (\"");
}

TEST(Dashboard, NoRunIsASiteAsWell) {
    const auto files = dashboard_data({}, kNoPages, "");
    EXPECT_EQ(files.size(), 1u);
    EXPECT_TRUE(data_of(files, "index")["runs"].empty());
}

} // namespace
} // namespace rig
