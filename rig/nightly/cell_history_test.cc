// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/cell_history.h"

#include "rig/run_index/run_reader.h"
#include "rig/testing/night_fixture.h"
#include "rig/testing/results_fixture.h"

namespace rig {
namespace {

using fixture::FakeNights;

class NightHistoryTest : public fixture::NightProject {
 protected:
    void SetUp() override {
        NightProject::SetUp();
        nights_.config = *parse_night_config(fixture::night_config, file());
    }
    const NightCell& cell() const { return nights_.config.cells[0]; }
    void make(unsigned from, unsigned to) {
        for (unsigned i = from; i <= to; ++i) {
            ASSERT_TRUE(nights_.run(cell(), FakeNights::commit(i)));
            nights_.next_evening();
        }
    }
    std::vector<const RunRecord*> history() const {
        return history_of(nights_.records, cell(), "a", nights_.text);
    }
    ChangePointOptions options() const { return change_options(nights_.config); }
    FakeNights nights_;
};

TEST_F(NightHistoryTest, RunsOfOtherCommitsAreOneLineAndAllElseIsNot) {
    make(1, 5);
    EXPECT_EQ(history().size(), 5u);
    // One run of each kind that does not belong to the cell.
    nights_.records[0].spec_sha256 = spec_identity("another text", nights_.records[0].overrides);
    nights_.records[1].arms[0].checks_failed = 1;
    nights_.records[2].overrides[0] = "guest.vcpus=16";
    nights_.records[2].spec_sha256 = spec_identity(nights_.text, nights_.records[2].overrides);
    EXPECT_EQ(history().size(), 2u);
    nights_.records[3].clock = "wall";
    EXPECT_EQ(history().size(), 1u);
    EXPECT_EQ(history()[0]->revision, FakeNights::commit(5));
    EXPECT_TRUE(history_of(nights_.records, nights_.config.cells[1], "a", nights_.text).empty());
    // A run of the experiment's own source does not belong to a cell that follows a tree.
    auto own = cell();
    own.follow.reset();
    EXPECT_TRUE(history_of(nights_.records, own, "a", nights_.text).empty());
}

TEST_F(NightHistoryTest, OnlyTheNewestAreSearched) {
    make(1, 3);
    while (nights_.records.size() < kHistory + 10) {
        auto copy = nights_.records.back();
        copy.id += "-2";
        nights_.records.push_back(copy);
    }
    EXPECT_EQ(history().size(), kHistory);
}

TEST_F(NightHistoryTest, TheNewestRunThatIsAsWantedIsOfThisCell) {
    make(1, 5);
    const auto found = [&](const std::string& before, unsigned most) {
        const auto* run = newest_of(
            nights_.records, cell(), "a", nights_.text, before,
            [&](const RunRecord& one) { return FakeNights::number(one.revision) <= most; });
        return run ? FakeNights::number(run->revision) : 0;
    };
    std::swap(nights_.records[0], nights_.records[3]); // any order
    EXPECT_EQ(found("", 9), 5u);
    EXPECT_EQ(found("", 3), 3u);
    EXPECT_EQ(found(nights_.records[0].id, 9), 3u); // only the three before the fourth
    EXPECT_EQ(found(nights_.records[3].id, 9), 0u); // none before the first
    nights_.records[4].overrides[0] = "guest.vcpus=16";
    EXPECT_EQ(found("", 9), 4u);
}

TEST_F(NightHistoryTest, AStepInBothArmsIsOneWithItsLevels) {
    nights_.cost = [](const std::string&, const std::string& metric, unsigned commit,
                      unsigned run) {
        return metric == "sync_ipis" ? 240.0 : (commit >= 8 ? 150 : 100) + run % 3;
    };
    make(1, 14);
    const auto runs = history();
    const auto steps = steps_of(runs, cell(), options());
    ASSERT_EQ(steps.size(), 1u);
    EXPECT_EQ(steps[0].metric, "target_latency");
    EXPECT_EQ(steps[0].unit, "ns");
    EXPECT_TRUE(steps[0].rose);
    EXPECT_EQ(runs[steps[0].at]->revision, FakeNights::commit(8));
    ASSERT_EQ(steps[0].levels.size(), 2u);
    EXPECT_EQ(steps[0].levels[0].low, 100);
    EXPECT_EQ(steps[0].levels[0].high, 102);
    EXPECT_LE(steps[0].p, 0.01);
    // Only the configured arms.
    auto one_arm = cell();
    one_arm.arms = {"reviewed"};
    const auto of_one = steps_of(runs, one_arm, options());
    ASSERT_EQ(of_one.size(), 1u);
    EXPECT_EQ(of_one[0].levels.size(), 1u);
}

TEST_F(NightHistoryTest, ASmallStepIsNotTold) {
    nights_.cost = [](const std::string&, const std::string&, unsigned commit, unsigned) {
        return commit >= 8 ? 1004.0 : 1000.0;
    }; // 0.4 %
    make(1, 14);
    EXPECT_TRUE(steps_of(history(), cell(), options()).empty());
    auto finer = options();
    finer.min_effect = 0.001;
    EXPECT_EQ(steps_of(history(), cell(), finer).size(),
              2u); // negative control: it is there, in both metrics
}

TEST_F(NightHistoryTest, AReRunConfirmsOnlyOnTheNewLevel) {
    nights_.cost = [](const std::string&, const std::string&, unsigned commit, unsigned) {
        return commit >= 8 ? 120.0 : 100.0;
    };
    make(1, 14);
    auto more = nights_.records.back();
    const auto runs = history();
    const auto steps = steps_of(runs, cell(), options());
    ASSERT_FALSE(steps.empty());
    EXPECT_TRUE(confirms(steps[0], runs, more, cell(), options()));
    for (auto& metric : more.metrics)
        metric.median = 101;
    EXPECT_FALSE(confirms(steps[0], runs, more, cell(), options()));
    more.metrics.clear();
    EXPECT_FALSE(confirms(steps[0], runs, more, cell(), options()));
}

// Tests with real run folders instead of made-up records.
class NightHistoryOnDiskTest : public ResultsProject {};

TEST_F(NightHistoryOnDiskTest, ARunIsFoundByWhatItsFolderSays) {
    auto info = info_of();
    info.overrides = {{"guest.boots", "8"}};
    NightCell cell;
    cell.overrides = info.overrides;
    const std::string text(fixture::results_spec);
    const auto record = read_record(make_run(0, "", info));
    EXPECT_TRUE(record.proven()) << record.why_not;
    EXPECT_TRUE(is_of_cell(record, cell, "batch-alloc-fail", text));
    EXPECT_EQ(history_of({record}, cell, "batch-alloc-fail", text).size(), 1u);
    EXPECT_FALSE(is_of_cell(record, cell, "batch-alloc-fail", text + "\n"));
    const auto panicked = read_record(make_run(1, "kernel: kernel panic: x", info));
    EXPECT_STREQ(panicked.verdict(), "fail");
    EXPECT_TRUE(is_of_cell(panicked, cell, "batch-alloc-fail", text));
    // It has no figures.
    EXPECT_TRUE(history_of({panicked}, cell, "batch-alloc-fail", text).empty());
    cell.overrides.clear();
    EXPECT_FALSE(is_of_cell(record, cell, "batch-alloc-fail", text));
}

} // namespace
} // namespace rig
