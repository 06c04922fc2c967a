// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/run_diff.h"

#include "rig/cli/history_commands.h"
#include "rig/host/boost_command_runner.h"
#include "rig/report/json.h"
#include "rig/run_index/runs_text.h"
#include "rig/testing/results_fixture.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

RunSide side(RunInfo info = fixture::make_run(fixture::make_spec()),
             std::vector<Sample> samples = fixture::make_samples(fixture::make_spec())) {
    const auto spec = fixture::make_spec();
    RunRecord record;
    take_run_json(to_json(info), record);
    EXPECT_TRUE(
        take_report_json(render_json(assemble(spec, info, samples, {}, "results/x")), record));
    record.id = info.run_id;
    return {record, samples, spec};
}

const MetricDiff& row(const RunDiff& diff, const std::string& metric, const std::string& arm) {
    for (const auto& one : diff.metrics)
        if (one.metric == metric && one.arm == arm) return one;
    ADD_FAILURE() << metric << " " << arm;
    return diff.metrics.at(0);
}

TEST(RunDiff, TheSameRunDoesNotDiffer) {
    const auto diff = diff_runs(side(), side());
    EXPECT_TRUE(diff.set_up.empty());
    ASSERT_EQ(diff.boots.size(), 2u);
    EXPECT_EQ(diff.boots[0].identical, 8u);
    EXPECT_EQ(diff.boots[0].pairs, 8u);
    EXPECT_EQ(row(diff, "target_latency", "reviewed").equal, 8u);
    EXPECT_EQ(row(diff, "target_latency", "reviewed").difference, 0.0);
    EXPECT_NE(diff_text(diff).find("bit-identical: 8 of 8 boots"), std::string::npos);
}

TEST(RunDiff, OneOtherFigureInOneBootIsFound) {
    auto samples = fixture::make_samples(fixture::make_spec());
    samples[7].ipis_by_function["flush_tlb_func"] += 1; // boot 3 of reviewed
    const auto diff = diff_runs(side(), side(fixture::make_run(fixture::make_spec()), samples));
    EXPECT_EQ(diff.boots[0].identical, 8u);
    EXPECT_EQ(diff.boots[1].identical, 7u);
    EXPECT_EQ(diff.boots[1].first, "boot 3: /ipis_by_function/flush_tlb_func");
    const auto& total = row(diff, "total_ipis", "reviewed");
    EXPECT_EQ(total.equal, 7u);
    EXPECT_EQ(total.pairs, 8u);
    EXPECT_NE(diff_text(diff).find("bit-identical: 7 of 8 boots; the first that differs: boot 3"),
              std::string::npos);
}

TEST(RunDiff, FiguresOfTheHostAreNotAmongThem) {
    auto samples = fixture::make_samples(fixture::make_spec());
    samples[0].host["boot_wall_s"] = 99;
    EXPECT_EQ(diff_runs(side(), side(fixture::make_run(fixture::make_spec()), samples))
                  .boots[0]
                  .identical,
              8u);
}

TEST(RunDiff, OptionsOfAnArmAreSetUp) {
    auto left = side(), right = side();
    EXPECT_TRUE(diff_runs(left, right).set_up.empty());
    right.spec->arms[1].options = {{"DEBUG_VM", "y"}, {"HZ", "250"}};
    const auto diff = diff_runs(left, right);
    ASSERT_EQ(diff.set_up.size(), 1u);
    EXPECT_EQ(diff.set_up[0].what, "options of reviewed");
    EXPECT_EQ(diff.set_up[0].left, "");
    EXPECT_EQ(diff.set_up[0].right, "DEBUG_VM=y HZ=250");
}

TEST(RunDiff, SetUpIsToldFieldByField) {
    auto info = fixture::make_run(fixture::make_spec());
    info.seed = 7;
    info.qemu_version = "8.0";
    info.kernels[1].facts.image_sha256 = std::string(64, 'c');
    info.started = "2026-02-24T00:00:00Z"; // always different
    const auto diff = diff_runs(side(), side(info));
    std::vector<std::string> what;
    for (const auto& one : diff.set_up)
        what.push_back(one.what);
    EXPECT_EQ(what, (std::vector<std::string>{"seed", "qemu_version", "image_sha256 of reviewed"}));
    EXPECT_EQ(diff.set_up[0].left, "1");
    EXPECT_EQ(diff.set_up[0].right, "7");
}

TEST(RunDiff, FiguresOfDifferentClocksAreNotCompared) {
    auto info = fixture::make_run(fixture::make_spec());
    info.clock = "wall";
    const auto diff = diff_runs(side(), side(info));
    EXPECT_TRUE(diff.boots.empty());
    for (const auto& one : diff.metrics) {
        EXPECT_EQ(one.not_compared, "virtual clock against wall clock") << one.metric;
        EXPECT_FALSE(one.difference);
        EXPECT_FALSE(one.test);
    }
    EXPECT_EQ(diff_text(diff).find("p: Mann-Whitney"), std::string::npos);
}

TEST(RunDiff, UnitsAndDefinitionsHaveToBeTheSame) {
    auto other = side();
    other.record.metrics[0].unit = "ns";
    EXPECT_EQ(diff_runs(side(), other).metrics[0].not_compared, "count against ns");
    auto left = side(), right = side();
    MetricSpec own{left.record.metrics[0].metric, ExpectKind::Report, {}, 0, 0};
    own.custom = CustomMetric{CustomMetric::Kind::Event, "csd:csd_queue_cpu", "", ""};
    left.spec->metrics = {own};
    own.custom->what = "irq:softirq_entry";
    right.spec->metrics = {own};
    EXPECT_NE(
        diff_runs(left, right).metrics[0].not_compared.find("defined otherwise: csd:csd_queue_cpu"),
        std::string::npos);
    EXPECT_EQ(diff_runs(left, left).metrics[0].not_compared, "");
}

TEST(RunDiff, UnderTheWallClockTheTestIsNamedAndNeedsOneBootOfTheHost) {
    auto info = fixture::make_run(fixture::make_spec());
    info.clock = "wall";
    info.host_boot = "1111";
    auto samples = fixture::make_samples(fixture::make_spec());
    for (auto& sample : samples)
        if (sample.id.arm == "reviewed")
            for (auto& value : sample.target_latency_ns)
                value *= 2;
    const auto diff = diff_runs(side(info), side(info, samples));
    EXPECT_TRUE(diff.boots.empty()); // no samples to compare
    const auto& slower = row(diff, "target_latency", "reviewed");
    ASSERT_TRUE(slower.test);
    // All 8 values above all 8 others: 2 / C(16, 8).
    EXPECT_NEAR(slower.test->two_sided, 2.0 / 12870, 1e-9);
    EXPECT_GT(*slower.difference, 0);
    EXPECT_GT(row(diff, "target_latency", "ipi").test->two_sided, 0.9);
    EXPECT_NE(diff_text(diff).find("Mann-Whitney"), std::string::npos);
    auto later = info;
    later.host_boot = "2222";
    EXPECT_EQ(row(diff_runs(side(info), side(later)), "target_latency", "ipi").not_compared,
              "wall clock, of different boots of the host");
}

TEST(RunDiff, WhatOnlyOneHasIsThere) {
    auto left = side();
    left.record.arms.pop_back();
    std::erase_if(left.record.metrics, [](const auto& metric) { return metric.arm == "reviewed"; });
    const auto diff = diff_runs(left, side());
    EXPECT_EQ(diff.set_up.back().what, "arm reviewed");
    EXPECT_EQ(row(diff, "sync_ipis", "reviewed").not_compared,
              "only in 20260223-103248-batch-alloc-fail");
    EXPECT_FALSE(row(diff, "sync_ipis", "reviewed").left);
}

class HistoryCommands : public ResultsProject {
 protected:
    CommonOptions common(bool json = false) {
        CommonOptions out;
        out.results = results();
        out.json = json;
        return out;
    }
};

TEST_F(HistoryCommands, DiffShowsTheExperimentsTextAsDiffDoes) {
    make_run(0);
    auto info = info_of();
    info.spec_text.replace(info.spec_text.find("ratio = 5000"), 14, "ratio = 6000");
    make_run(1, "", info);
    HistoryOptions line;
    line.run = "20260223-1032", line.other = "latest";
    BoostCommandRunner runner{std::stop_token()};
    auto output = diff_command(line, common(), runner);
    ASSERT_TRUE(output) << output.error().message;
    EXPECT_NE(output->text.find("-ratio = 5000\n  +ratio = 6000"), std::string::npos)
        << output->text;
    EXPECT_NE(output->text.find("spec_sha256"), std::string::npos);
    auto machine = diff_command(line, common(true), runner);
    const auto parsed = nlohmann::json::parse(machine->text);
    EXPECT_EQ(parsed.at("boots").at(0).at("bit_identical"), 8);
    line.other = line.run;
    EXPECT_EQ(diff_command(line, common(), runner)->text.find("The experiment's text"),
              std::string::npos);
}

TEST_F(HistoryCommands, ListIsNewestFirstAndNoWiderThanAPage) {
    make_run(0);
    make_run(1, "kernel: panic: arm 'reviewed', boot 3: Kernel panic - not syncing: \x1b[31mred " +
                    std::string(150, 'x'));
    const auto writer = begin(2, 1);
    auto output = list_command({}, common(), Progress::silent(), {});
    ASSERT_TRUE(output) << output.error().message;
    const auto& text = output->text;
    EXPECT_LT(text.find("20260223-1034"), text.find("20260223-1033"));
    EXPECT_LT(text.find("20260223-1033"), text.find("20260223-1032"));
    EXPECT_NE(text.find("running"), std::string::npos) << text;
    EXPECT_NE(text.find("8 (made 2)"), std::string::npos) << text;
    EXPECT_NE(text.find("fail, failed"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'),
              std::string::npos); // a guest's bytes do not reach the terminal unescaped
    std::istringstream lines(text);
    for (std::string one; std::getline(lines, one);)
        EXPECT_LE(one.size(), 100u) << one;
    const auto parsed =
        nlohmann::json::parse(list_command({}, common(true), Progress::silent(), {})->text);
    ASSERT_EQ(parsed.at("runs").size(), 3u);
    EXPECT_EQ(parsed["runs"][1]["verdict"], "fail");
    HistoryOptions line;
    line.filter.since = "2026-02-30";
    const auto wrong = list_command(line, common(), Progress::silent(), {});
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().fault_domain, FaultDomain::Spec);
    line.filter.since = "2026-02-24";
    EXPECT_EQ(list_command(line, common(), Progress::silent(), {})->text, "no runs\n");
}

TEST_F(HistoryCommands, ShowHoldsWhatGotWorseBesideWhatGotBetter) {
    const auto dir = make_run(0);
    HistoryOptions line;
    line.run = "latest";
    auto output = show_command(line, common());
    ASSERT_TRUE(output) << output.error().message;
    for (const char* expected :
         {"sync_ipis", "−100 %", "target_latency", "×7", "as declared", "linux-source-6.12",
          "rig explain 20260223-103248-batch-alloc-fail", "pass"})
        EXPECT_NE(output->text.find(expected), std::string::npos) << expected << "\n"
                                                                  << output->text;
    const auto parsed = nlohmann::json::parse(show_command(line, common(true))->text);
    EXPECT_EQ(parsed.at("arms").size(), 2u);
    EXPECT_EQ(parsed.at("metrics").at(0).at("boots").size(), 8u);
    line.run = (top_ / "kernel-patches").string();
    const auto none = show_command(line, common());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault_domain, FaultDomain::Spec);
}

TEST_F(HistoryCommands, IndexSaysWhatItDid) {
    make_run(0);
    HistoryOptions line;
    const auto first =
        nlohmann::json::parse(index_command(line, common(true), Progress::silent(), {})->text);
    EXPECT_EQ(first.at("added"), 1);
    EXPECT_EQ(nlohmann::json::parse(index_command(line, common(true), Progress::silent(), {})->text)
                  .at("added"),
              0);
    line.rebuild = true;
    EXPECT_EQ(nlohmann::json::parse(index_command(line, common(true), Progress::silent(), {})->text)
                  .at("added"),
              1);
    std::stop_source stop;
    stop.request_stop();
    ASSERT_FALSE(index_command(line, common(), Progress::silent(), stop.get_token()));
    EXPECT_EQ(Index::open(results())->runs()->size(),
              1u); // an interrupted rebuild keeps the old index
}

} // namespace
} // namespace rig
