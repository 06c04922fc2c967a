// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/run_reader.h"

#include "rig/report/json.h"
#include "rig/testing/results_fixture.h"
#include "rig/testing/temp_tree.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;
using rig::testing::read_text;

class ReadRun : public ResultsProject {
 protected:
    static void put(const fs::path& file, const std::string& text) {
        std::ofstream(file, std::ios::binary) << text;
    }
};

TEST_F(ReadRun, AWholeRunIsJudgedFromItsSamples) {
    const auto dir = make_run(0);
    const auto record = read_record(dir);
    EXPECT_TRUE(record.recomputed) << record.why_not;
    EXPECT_EQ(record.id, dir.filename());
    EXPECT_EQ(record.state, "ended");
    EXPECT_EQ(record.experiment, "batch-alloc-fail");
    EXPECT_EQ(record.source, "linux-source-6.12");
    EXPECT_EQ(record.arch, "x86");
    EXPECT_EQ(record.samples, 16u);
    EXPECT_STREQ(record.verdict(), "pass") << record.closing;
    ASSERT_EQ(record.arms.size(), 2u);
    EXPECT_EQ(record.arms[1].image_sha256, std::string(64, 'b'));
    EXPECT_EQ(record.arms[1].checks_failed, 0u);
    EXPECT_GT(record.arms[1].checks_passed, 10u);
    const auto sync = std::find_if(record.metrics.begin(), record.metrics.end(), [](const auto& m) {
        return m.metric == "sync_ipis" && m.arm == "reviewed";
    });
    ASSERT_NE(sync, record.metrics.end());
    EXPECT_EQ(sync->median, 0.0);
    EXPECT_EQ(sync->verdict, "as declared");
    EXPECT_EQ(sync->unit, "count");
    EXPECT_EQ(boot_values(*sync).size(), 8u);
    const auto latency =
        std::find_if(record.metrics.begin(), record.metrics.end(), [](const auto& m) {
            return m.metric == "target_latency" && m.arm == "reviewed";
        });
    ASSERT_NE(latency, record.metrics.end());
    EXPECT_EQ(latency->direction, "rose");
    ASSERT_TRUE(latency->ratio_low && latency->ratio_high);
    EXPECT_LT(*latency->ratio_low, *latency->ratio_high);
}

TEST_F(ReadRun, WhatTheVerdictWasMadeOfDecidesIt) {
    const auto dir = make_run(0);
    auto text = read_text(dir / "samples.jsonl");
    const std::string zero = R"("injections":80)";
    text.replace(text.find(zero), zero.size(), R"("injections":0)");
    put(dir / "samples.jsonl", text);
    const auto record = read_record(dir);
    EXPECT_STREQ(record.verdict(), "inconclusive");
    EXPECT_FALSE(record.arms[0].failed_checks.empty());
}

TEST_F(ReadRun, ARunIsReadWithoutItsProject) {
    const auto dir = make_run(0);
    const auto before = render_json(report_of(load_run(dir).value()).value()).dump();
    // Its project is gone, and it is below another one.
    fs::remove_all(top_ / "kernel-patches");
    fs::remove_all(top_ / "configs");
    const auto other = top_ / "other", moved = other / "results" / dir.filename();
    fs::create_directories(other / "kernel-patches");
    fs::create_directories(moved.parent_path());
    fs::rename(dir, moved);
    const auto here = fs::current_path();
    for (const fs::path& folder : {fs::path("/"), other, here}) {
        fs::current_path(folder);
        const auto report = report_of(load_run(moved).value());
        ASSERT_TRUE(report) << report.error().message;
        auto text = render_json(*report).dump();
        for (auto at = text.find("/other/"); at != text.npos; at = text.find("/other/"))
            text.erase(at, 6);
        EXPECT_EQ(text, before) << folder;
        const auto record = read_record(moved);
        EXPECT_TRUE(record.recomputed) << record.why_not;
    }
    fs::current_path(here);
}

TEST_F(ReadRun, ARunThatCannotBeJudgedIsKeptAsItsReportHasIt) {
    const auto dir = make_run(0);
    auto run = load_run(dir);
    ASSERT_TRUE(run);
    auto report = report_of(*run);
    ASSERT_TRUE(report) << report.error().message;
    const auto before = read_record(dir);
    make_unreadable(dir, true);
    const auto bare = read_record(dir);
    EXPECT_FALSE(bare.recomputed);
    EXPECT_NE(bare.why_not.find("tarjet"), std::string::npos) << bare.why_not;
    EXPECT_STREQ(bare.verdict(), "unknown");
    EXPECT_EQ(bare.clock, "virtual");
    EXPECT_EQ(bare.arms.size(), 2u);
    EXPECT_TRUE(bare.metrics.empty());

    put(dir / "report.json", render_json(*report).dump(2));
    auto reported = read_record(dir);
    EXPECT_FALSE(reported.recomputed);
    EXPECT_EQ(reported.why_not, bare.why_not);
    EXPECT_STREQ(reported.verdict(), before.verdict());
    EXPECT_TRUE(reported.metrics == before.metrics); // every figure survives the round trip
    EXPECT_TRUE(reported.arms == before.arms);

    auto half = render_json(*report);
    half["metrics"][0].erase("unit");
    put(dir / "report.json", half.dump());
    EXPECT_STREQ(read_record(dir).verdict(), "unknown"); // an incomplete report is not used
    half = render_json(*report);
    half["format"] = 99;
    put(dir / "report.json", half.dump());
    EXPECT_STREQ(read_record(dir).verdict(), "unknown"); // nor is a report of another format
}

TEST_F(ReadRun, AFailedRunIsBrokenAndNotMerelyUnfinished) {
    EXPECT_STREQ(
        read_record(make_run(0, "kernel: panic: arm 'reviewed', boot 3: Kernel panic")).verdict(),
        "fail");
    const auto guest = read_record(make_run(1, "guest: hang: the agent did not answer"));
    EXPECT_STREQ(guest.verdict(), "inconclusive");
    EXPECT_EQ(guest.state, "failed");
    EXPECT_EQ(guest.closing, "guest: hang: the agent did not answer");
}

TEST_F(ReadRun, StateFollowsTheLock) {
    fs::path dir;
    {
        const auto writer = begin(0, 2);
        dir = writer.dir();
        EXPECT_EQ(read_record(dir).state, "running");
        EXPECT_STREQ(read_record(dir).verdict(), "inconclusive");
    }
    EXPECT_EQ(read_record(dir).state, "interrupted");
    EXPECT_EQ(read_record(dir).samples, 4u);
    put(dir / "run.json", "{\"run_id\"");
    const auto unreadable = read_record(dir);
    EXPECT_EQ(unreadable.state, "unreadable");
    EXPECT_NE(unreadable.why_not.find("run.json"), std::string::npos);
}

TEST_F(ReadRun, FaultsAreCountedByKind) {
    const auto dir = make_run(0);
    fs::create_directories(dir / "boots/0001-reviewed-0");
    put(dir / "boots/0000-ipi-0/fault-0.txt", "host: starved: the guest got no CPU\n");
    put(dir / "boots/0000-ipi-0/fault-1.txt", "host: disk-full: no room\n");
    put(dir / "boots/0001-reviewed-0/fault-0.txt", "host: starved: the guest got no CPU\n");
    const auto record = read_record(dir);
    EXPECT_EQ(record.faults,
              (std::vector<FaultCount>{{"host", "disk-full", 1}, {"host", "starved", 2}}));
    EXPECT_TRUE(record.boots_kept);
    fs::remove_all(dir / "boots");
    EXPECT_FALSE(read_record(dir).boots_kept);
}

TEST_F(ReadRun, ARunIsFoundByItsBeginningIfThatIsEnough) {
    const auto first = make_run(0), second = make_run(1);
    fs::create_directories(results() /
                           "20260223-103500-suite-review"); // no run: it has no run.json
    EXPECT_EQ(*find_run(results(), "20260223-1032"), first);
    EXPECT_EQ(*find_run(results(), second.filename()), second);
    EXPECT_EQ(*find_run(results(), second), second);
    EXPECT_EQ(*find_run(results(), "latest"), second);
    const auto both = find_run(results(), "20260223-103");
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(both.error().message.find("2 runs begin like that"), std::string::npos)
        << both.error().message;
    EXPECT_NE(both.error().message.find(first.filename().string()), std::string::npos);
    for (const char* none : {"20260224", "20260223-103500", "103248", ""}) {
        const auto found = find_run(results(), none);
        ASSERT_FALSE(found) << none;
        EXPECT_NE(found.error().message.find("no such run"), std::string::npos)
            << found.error().message;
    }
    EXPECT_FALSE(find_run(top_ / "nowhere", "latest"));
}

TEST_F(ReadRun, AnIdThatBeginsAnotherIsStillFound) {
    const auto first = make_run(0), second = make_run(0); // "...-2"
    EXPECT_EQ(second.filename().string(), first.filename().string() + "-2");
    EXPECT_EQ(*find_run(results(), first.filename()), first);
    EXPECT_EQ(*find_run(results(), "latest"), second);
}

} // namespace
} // namespace rig
