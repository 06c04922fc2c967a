// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/splat_verdict.h"

#include "rig/analysis/compare.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

const SampleSplat kSleep{SplatKind::SleepInAtomic,
                         "BUG: sleeping function called from invalid context",
                         "tlb_remove_table_sync_rcu",
                         {"tlb_remove_table_sync_rcu", "zap_pte_range"},
                         2};
const SampleSplat kWarning{SplatKind::Warning, "WARNING: at mm/memory.c", "zap_pte_range", {}, 1};
const SampleSplat kKilled{SplatKind::OomKill, "Out of memory: Killed process", "", {}, 1};

class SplatVerdictTest : public ::testing::Test {
 protected:
    Sample& boot(const std::string& arm, unsigned index) {
        for (auto& sample : samples_)
            if (sample.id.arm == arm && sample.id.index == index) return sample;
        throw std::out_of_range(arm);
    }
    void in_every_boot(const std::string& arm, const SampleSplat& splat) {
        for (unsigned i = 0; i < spec_.guest.boots; ++i)
            boot(arm, i).splats.push_back(splat);
    }
    // The whole comparison; `judged`: with expectations that hold.
    Comparison run(bool judged = true) {
        std::vector<ArmChecks> checks;
        for (const auto& arm : spec_.arms)
            checks.push_back({arm.name, {{"injections", "", proven_, "", ""}}});
        if (judged) spec_.metrics = {exactly("sync_ipis", {{"ipi", Predicted{}}, {"reviewed", 0}})};
        return compare(spec_, samples_, std::move(checks));
    }
    Spec spec_ = make_spec(3);
    std::vector<Sample> samples_ = make_samples(spec_);
    bool proven_ = true;
};

TEST_F(SplatVerdictTest, NoneIsCleanAndChangesNothing) {
    const auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Pass);
    EXPECT_EQ(comparison.closing, "PASS: 2 hold");
    ASSERT_EQ(comparison.splats.size(), 2u);
    EXPECT_EQ(comparison.splats[0].boots, 3u);
    EXPECT_EQ(comparison.splats[0].verdict, SplatVerdict::Clean);
}

// One occurrence in one boot of one arm suffices, whatever the figures are.
TEST_F(SplatVerdictTest, AnUndeclaredSplatBreaksTheComparison) {
    boot("reviewed", 2).splats = {kWarning};
    const auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Fail);
    EXPECT_EQ(comparison.closing, "FAIL: kernel splat in reviewed: WARNING: at mm/memory.c");
    EXPECT_EQ(comparison.held, 2u) << "splats are not one of the tests";
    const auto& splat = comparison.splats[1].splats.at(0);
    EXPECT_EQ(splat.boots, 1u);
    EXPECT_EQ(splat.first.index, 2u);
    EXPECT_FALSE(splat.in_baseline);
}

TEST_F(SplatVerdictTest, NorDoMissingProofsHideIt) {
    proven_ = false;
    boot("reviewed", 0).splats = {kWarning};
    EXPECT_EQ(run().exit, Exit::Fail);
}

TEST_F(SplatVerdictTest, WhatTheBaselineHasTooIsNotThePatchsDoing) {
    in_every_boot("ipi", kWarning);
    in_every_boot("reviewed", kWarning);
    auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Fail);
    EXPECT_EQ(comparison.closing, "FAIL: kernel splat in ipi: WARNING: at mm/memory.c");
    EXPECT_TRUE(comparison.splats[1].splats.at(0).in_baseline);
    EXPECT_FALSE(comparison.splats[0].splats.at(0).in_baseline);
    // Splats that the patch causes come first, wherever they occur.
    boot("reviewed", 2).splats.push_back(kSleep);
    EXPECT_EQ(run().closing, "FAIL: kernel splat in reviewed: BUG: sleeping function "
                             "called from invalid context");
}

TEST_F(SplatVerdictTest, ADeclaredSplatInEveryBootIsAsDeclared) {
    spec_.arms[1].splat = "tlb_remove_table_sync_rcu";
    in_every_boot("reviewed", kSleep);
    auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Pass);
    EXPECT_EQ(comparison.splats[1].verdict, SplatVerdict::AsDeclared);
    EXPECT_EQ(comparison.splats[1].splats.at(0).boots, 3u);
    EXPECT_EQ(comparison.splats[1].splats.at(0).count, 6u);
    // A declared splat is an expectation that holds, even if it is the only one.
    spec_.metrics.clear();
    comparison = run(false);
    EXPECT_EQ(comparison.exit, Exit::Pass);
    EXPECT_EQ(comparison.closing, "PASS: splats as declared, and no other");
}

TEST_F(SplatVerdictTest, AControlThatDoesNotFailInOneBootIsBroken) {
    spec_.arms[1].splat = "tlb_remove_table_sync_rcu";
    in_every_boot("reviewed", kSleep);
    boot("reviewed", 1).splats.clear();
    auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Fail);
    EXPECT_EQ(comparison.closing, "FAIL: the control did not fail in 1 of 3 boots of reviewed");
    EXPECT_EQ(comparison.splats[1].silent, std::vector<unsigned>{1});
    // A line that never ran could not splat: the validity checks report that.
    proven_ = false;
    comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Inconclusive);
    EXPECT_EQ(comparison.splats[1].verdict, SplatVerdict::Silent);
}

TEST_F(SplatVerdictTest, AnotherSplatInABrokenArmIsStillUndeclared) {
    spec_.arms[1].splat = "tlb_remove_table_sync_rcu";
    in_every_boot("reviewed", kSleep);
    auto& splats = boot("reviewed", 0).splats;
    splats.insert(splats.begin(), kWarning); // before the declared one
    const auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Fail);
    EXPECT_EQ(comparison.closing, "FAIL: kernel splat in reviewed: WARNING: at mm/memory.c");
}

// After scheduling under a spinlock, a kernel reports all kinds of consequences.
TEST_F(SplatVerdictTest, WhatFollowsTheDeclaredSplatIsToldAndNotJudged) {
    spec_.arms[1].splat = "tlb_remove_table_sync_rcu";
    in_every_boot("reviewed", kSleep);
    boot("reviewed", 0).splats.push_back(kWarning);
    boot("reviewed", 0).further_splats = 2;
    auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Pass);
    EXPECT_EQ(comparison.splats[1].verdict, SplatVerdict::AsDeclared);
    EXPECT_TRUE(comparison.splats[1].splats.at(1).followed);
    EXPECT_FALSE(comparison.splats[1].splats.at(0).followed);
    // One occurrence before the declared splat suffices, in any boot.
    auto& splats = boot("reviewed", 2).splats;
    splats.insert(splats.begin(), kWarning);
    EXPECT_EQ(run().closing, "FAIL: kernel splat in reviewed: WARNING: at mm/memory.c");
    splats.erase(splats.begin());
    EXPECT_EQ(run().exit, Exit::Pass);
    // In an arm that declares no splat nothing is a consequence.
    boot("ipi", 1).splats = {kWarning};
    EXPECT_EQ(run().exit, Exit::Fail);
}

TEST_F(SplatVerdictTest, ADeclarationIsForItsArmOnly) {
    spec_.arms[1].splat = "tlb_remove_table_sync_rcu";
    in_every_boot("reviewed", kSleep);
    boot("ipi", 0).splats = {kSleep};
    EXPECT_EQ(run().closing,
              "FAIL: kernel splat in ipi: BUG: sleeping function called from invalid context");
}

TEST_F(SplatVerdictTest, ATextIsLookedForInTitleFunctionAndTrace) {
    EXPECT_TRUE(names_splat("sleeping function", kSleep));
    EXPECT_TRUE(names_splat("sync_rcu", kSleep));
    EXPECT_TRUE(names_splat("zap_pte_range", kSleep));
    EXPECT_FALSE(names_splat("zap_pmd_range", kSleep));
}

TEST_F(SplatVerdictTest, ANoticeIsToldAndNotJudged) {
    boot("reviewed", 0).splats = {kKilled};
    const auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Pass);
    EXPECT_EQ(comparison.splats[1].notices.size(), 1u);
    // A notice is not what a broken arm has to show either.
    spec_.arms[1].splat = "Out of memory";
    in_every_boot("reviewed", kKilled);
    EXPECT_EQ(run().exit, Exit::Fail);
}

TEST_F(SplatVerdictTest, SplatsThatFoundNoRoomCount) {
    boot("reviewed", 0).further_splats = 3;
    const auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Fail);
    EXPECT_EQ(comparison.closing, "FAIL: 3 further kernel splats in reviewed");
}

TEST_F(SplatVerdictTest, WithoutABootNothingIsAsDeclared) {
    spec_.arms[1].splat = "tlb_remove_table_sync_rcu";
    samples_.clear();
    proven_ = false;
    const auto comparison = run();
    EXPECT_EQ(comparison.exit, Exit::Inconclusive);
    EXPECT_EQ(comparison.splats[1].verdict, SplatVerdict::Clean);
}

TEST_F(SplatVerdictTest, TheClosingLineFitsAPage) {
    boot("reviewed", 0).splats = {{SplatKind::Bug, std::string(160, 'x'), "f", {}, 1}};
    EXPECT_EQ(run().closing.size(), 86u);
}

} // namespace
} // namespace rig
