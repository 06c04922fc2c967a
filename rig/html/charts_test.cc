// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/charts.h"

#include "rig/report/json.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <numeric>

namespace rig {
namespace {

using namespace rig::fixture;
using Points = std::vector<std::vector<double>>;

ReportInput input_of(const Spec& spec, const std::vector<Sample>& samples) {
    return assemble(spec, make_run(spec), samples, {}, "results/x");
}

const Chart* find(const std::vector<Chart>& charts, const std::string& title) {
    for (const auto& chart : charts)
        if (chart.title == title) return &chart;
    return nullptr;
}

TEST(Ecdf, JumpsWhereTheValuesAre) {
    EXPECT_EQ(ecdf({}), Points{});
    EXPECT_EQ(ecdf({7}), (Points{{7, 0}, {7, 1}}));
    EXPECT_EQ(ecdf({30, 10, 20, 20}), (Points{{10, 0}, {10, 0.25}, {20, 0.75}, {30, 1}}));
    EXPECT_EQ(ecdf({5, 5, 5}), (Points{{5, 0}, {5, 1}}));
}

TEST(Ecdf, ManyValuesKeepTheirEndsAndStayClose) {
    std::vector<double> values(10'000);
    std::iota(values.begin(), values.end(), 1);
    const auto points = ecdf(values);
    ASSERT_LE(points.size(), ecdf_points + 1);
    EXPECT_EQ(points.front(), (std::vector<double>{1, 0}));
    EXPECT_EQ(points.back(), (std::vector<double>{10'000, 1}));
    for (std::size_t i = 1; i < points.size(); ++i) {
        EXPECT_NEAR(points[i][1], points[i][0] / 10'000, 1e-6);
        EXPECT_LE(points[i][1] - points[i - 1][1], 1.0 / (ecdf_points - 1) + 1e-4);
    }
}

TEST(IpiChart, HoldsTheReportsMedians) {
    const auto spec = make_spec();
    const auto input = input_of(spec, make_samples(spec));
    const auto chart = ipi_chart(input);
    EXPECT_EQ(chart.y.categories, (std::vector<std::string>{"ipi", "reviewed"}));
    EXPECT_FALSE(chart.x.log); // lengths are compared
    ASSERT_EQ(chart.series.size(), 4u);
    EXPECT_EQ(chart.series[0].name, "tlb_remove_table_smp_sync (sync IPIs)");
    EXPECT_EQ(chart.series[0].points, (Points{{240, 0}, {0, 1}}));
    const auto report = render_json(input);
    for (std::size_t i = 0; i < input.functions.size(); ++i) {
        const auto& row = report["ipis_by_function"][i];
        EXPECT_EQ(chart.series[i + 1].name, row["function"]);
        EXPECT_EQ(chart.series[i + 1].points, (Points{{row["arms"]["ipi"]["median"], 0},
                                                      {row["arms"]["reviewed"]["median"], 1}}));
    }
    EXPECT_NE(chart.description.find("tlb_remove_table_smp_sync (sync IPIs): ipi 240, reviewed 0"),
              std::string::npos)
        << chart.description;
}

TEST(LatencyCharts, HoldTheReportsFigures) {
    const auto spec = make_spec();
    const auto input = input_of(spec, make_samples(spec));
    const auto charts = latency_charts(input, make_samples(spec));
    const auto report = render_json(input);
    unsigned seen = 0;
    for (const auto& metric : report["metrics"]) {
        if (metric["unit"] != "ns") continue;
        const auto& chart = charts.at(2 * seen + 1);
        const auto& distribution = charts.at(2 * seen++);
        EXPECT_EQ(distribution.kind, ChartKind::Steps);
        EXPECT_TRUE(distribution.x.log);
        EXPECT_NE(distribution.x.name.find("log"), std::string::npos);
        EXPECT_EQ(chart.y.log, chart.y.name.find("log") != std::string::npos);
        for (std::size_t arm = 0; arm < 2; ++arm) {
            const auto& told = metric["arms"][arm];
            ASSERT_EQ(chart.series[arm].points.size(), told["boots"].size());
            for (std::size_t boot = 0; boot < told["boots"].size(); ++boot)
                EXPECT_EQ(chart.series[arm].points[boot][1], told["boots"][boot]["value"]);
            EXPECT_EQ(distribution.series[arm].points.back()[0], told["pooled"]["max"]);
            EXPECT_EQ(distribution.rows[arm][1],
                      std::to_string(told["pooled"]["values"].get<std::size_t>()));
        }
    }
    EXPECT_EQ(charts.size(), 2 * seen);
    EXPECT_GE(seen, 4u);
}

TEST(LatencyCharts, WarmUpBootsAreInNoFigure) {
    auto spec = make_spec();
    spec.guest.warmup_boots = 1;
    auto samples = make_samples(spec);
    for (auto& s : samples) {
        s.run_clock = "wall";
        if (s.id.index == 0) s.target_latency_ns.assign(80, 999'000'000);
    }
    const auto charts = latency_charts(input_of(spec, samples), samples);
    const auto* chart = find(charts, "target latency: distribution");
    ASSERT_TRUE(chart);
    for (const auto& series : chart->series)
        EXPECT_LT(series.points.back()[0], 999'000'000);
    // Boot 1 is not one of them.
    samples[2].target_latency_ns.assign(80, 999'000'000);
    const auto again = latency_charts(input_of(spec, samples), samples);
    chart = find(again, "target latency: distribution");
    ASSERT_TRUE(chart);
    EXPECT_EQ(chart->series[0].points.back()[0], 999'000'000);
}

TEST(LatencyCharts, ZeroOnALogScaleIsToldAndWhatIsMissingIsNotDrawn) {
    const auto spec = make_spec();
    auto samples = make_samples(spec);
    samples[0].bystander_wakeup_ns[0] = 0;
    for (auto& s : samples)
        s.bystander_work_time_ns.clear();
    const auto charts = latency_charts(input_of(spec, samples), samples);
    const auto* wakeup = find(charts, "bystander wake-up latency: distribution");
    ASSERT_TRUE(wakeup);
    EXPECT_EQ(wakeup->series[0].points.front()[0], 1);
    EXPECT_NE(wakeup->note.find(" 1 values of 0 ns are drawn at 1 ns."), std::string::npos);
    EXPECT_EQ(wakeup->rows[0][2], "0 ns");
    EXPECT_EQ(find(charts, "bystander work time: distribution"), nullptr);
}

TEST(CpuCharts, MediansOverBootsOnOneScale) {
    const auto spec = make_spec();
    const auto samples = make_samples(spec);
    const auto charts = cpu_charts(input_of(spec, samples), samples);
    ASSERT_EQ(charts.size(), 2u);
    const auto* chart = find(charts, "call-function interrupts received (one CPU), by CPU");
    ASSERT_TRUE(chart);
    EXPECT_EQ(chart->x.categories, (std::vector<std::string>{"0", "1", "2", "3"}));
    ASSERT_EQ(chart->series.size(), 1u);
    EXPECT_EQ(chart->series[0].points[0], (std::vector<double>{0, 0, 34}));
    EXPECT_EQ(chart->series[0].points[3], (std::vector<double>{3, 0, 43.5})); // median of 40..47
    EXPECT_EQ(chart->series[0].points[4], (std::vector<double>{0, 1, 220}));
}

TEST(CpuCharts, AnArmInWhichABootLacksTheCountIsLeftOut) {
    const auto spec = make_spec();
    auto samples = make_samples(spec);
    samples[1].counts_per_cpu.clear();
    const auto charts = cpu_charts(input_of(spec, samples), samples);
    ASSERT_EQ(charts.size(), 2u);
    EXPECT_EQ(charts[0].y.categories, (std::vector<std::string>{"ipi"}));
}

TEST(CurveCharts, OnlyWhereThereAreRows) {
    EXPECT_TRUE(
        curve_charts({Plot{"target latency", "fault.interval", Unit::Nanoseconds, {}}}).empty());
    const auto charts = curve_charts({Plot{"target latency",
                                           "fault.interval",
                                           Unit::Nanoseconds,
                                           {{"1", "ipi", {4, 5, 6}},
                                            {"1", "reviewed", {4000, 5000, 6000}},
                                            {"10", "ipi", {3, 4, 5}},
                                            {"10", "reviewed", {300, 400, 500}}}}});
    ASSERT_EQ(charts.size(), 1u);
    const auto& chart = charts[0];
    EXPECT_EQ(chart.x.categories, (std::vector<std::string>{"1", "10"}));
    ASSERT_EQ(chart.series.size(), 6u); // median, minimum and maximum of two arms
    EXPECT_EQ(chart.series[3].points, (Points{{0, 5000}, {1, 400}}));
    EXPECT_TRUE(chart.series[4].faint);
    EXPECT_EQ(chart.series[4].points, (Points{{0, 4000}, {1, 300}}));
    EXPECT_TRUE(chart.y.log);
    EXPECT_EQ(chart.rows[1],
              (std::vector<std::string>{"1", "reviewed", "5.00 µs", "4.00 µs", "6.00 µs"}));
}

TEST(CurveCharts, AZeroKeepsTheAxisLinear) {
    const auto charts =
        curve_charts({Plot{"sync IPIs",
                           "guest.vcpus",
                           Unit::Count,
                           {{"2", "ipi", {240, 240, 240}}, {"2", "reviewed", {0, 0, 0}}}}});
    ASSERT_EQ(charts.size(), 1u);
    EXPECT_FALSE(charts[0].y.log);
    EXPECT_EQ(charts[0].y.name, "sync IPIs (count)");
}

} // namespace
} // namespace rig
