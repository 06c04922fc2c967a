// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/line_checks.h"

#include "rig/testing/exercised_fixture.h"
#include "rig/testing/lines_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

class LineChecks : public ExercisedTest {
 protected:
    LineChecks() { lines_ = make_lines(spec_); }
    // What was counted of a line of one boot of the patched arm.
    std::optional<LineCount>& count(unsigned boot, std::size_t line) {
        for (auto& one : lines_.boots)
            if (one.arm == "reviewed" && one.index == boot) return one.lines[0][line];
        return none_count_;
    }
    void without_markers() {
        for (auto& arm : spec_.arms)
            arm.marker.clear();
    }
    MappedLine& line(std::size_t arm, std::size_t i) { return lines_.maps[arm].map.lines[i]; }
    // Leaves one arm without changed lines that have instructions.
    void strip(std::size_t arm) {
        for (auto& one : lines_.maps[arm].map.lines)
            one.border = true;
    }
    bool has(const std::string& id, std::size_t arm = 1) {
        const auto all = checks(arm);
        return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.id == id; });
    }
    std::optional<LineCount> none_count_;
};

TEST_F(LineChecks, LinesThatRanInBothPassesOfEveryBootHold) {
    expect_failing({}, 0);
    expect_failing({}, 1);
    EXPECT_EQ(check("changed_lines").found, "2 of 2 changed lines");
    EXPECT_EQ(check("entries_reconcile").found, "80 in each of 8 boots");
}

TEST_F(LineChecks, AMarkerIsNotNeeded) {
    without_markers();
    expect_failing({}, 0);
    expect_failing({}, 1);
    EXPECT_FALSE(has("witness_hits"));
    EXPECT_TRUE(has("changed_lines"));
}

TEST_F(LineChecks, OneLineIsEnoughUnlessAllAreWanted) {
    count(3, 2) = LineCount{0, 0, 7};
    expect_failing({});
    EXPECT_EQ(check("changed_lines").found, "1 of 2 changed lines; not mm/mmu_gather.c:318");
    spec_.target.lines = LinesWanted::All;
    expect_failing({"changed_lines"});
    EXPECT_EQ(check("changed_lines").found,
              "boot 3: mm/mmu_gather.c:318 did not run in both passes, but at other times; "
              "synchronize_rcu() was called 80 times all the same");
}

TEST_F(LineChecks, RunningAtBootOrInOnePassOnlyProvesNothing) {
    without_markers();
    for (const auto& elsewhere : {LineCount{0, 0, 900}, LineCount{80, 0, 0}, LineCount{0, 80, 0}}) {
        count(5, 1) = elsewhere;
        count(5, 2) = elsewhere;
        expect_failing({"changed_lines"});
        EXPECT_NE(check("changed_lines").found.find("boot 5: "), std::string::npos);
    }
}

TEST_F(LineChecks, ABootWithoutCountsProvesNothing) {
    for (auto& boot : lines_.boots)
        if (boot.arm == "reviewed" && boot.index == 2) boot.why_not = "the plugin saw no guest";
    expect_failing({"changed_lines"});
    EXPECT_EQ(check("changed_lines").found, "boot 2: the plugin saw no guest");
    lines_.boots.clear();
    expect_failing({"changed_lines"});
}

TEST_F(LineChecks, WithoutAnyCountsTheMarkerProvesIt) {
    lines_ = {};
    lines_.why_not = "under KVM QEMU does not see the instructions of the guest";
    expect_failing({});
    EXPECT_FALSE(has("changed_lines"));
    without_markers();
    expect_failing({"changed_lines"});
    EXPECT_EQ(check("changed_lines").reason, lines_.why_not);
}

TEST_F(LineChecks, LinesThatAreNotMappedNeedAMarker) {
    lines_.maps[1].map.why_not = "built with debug information it is another kernel";
    expect_failing({});
    EXPECT_FALSE(has("changed_lines"));
    without_markers();
    expect_failing({"changed_lines"});
    EXPECT_EQ(check("changed_lines").found, "they have no addresses");
}

TEST_F(LineChecks, AnArmWithoutLinesOfItsOwnRunsThoseNextToTheChange) {
    without_markers();
    strip(0);
    expect_failing({}, 0);
    EXPECT_EQ(check("changed_lines", 0).found, "it has none; lines next to the change ran");
    // In another function they show nothing.
    for (auto& line : lines_.maps[0].map.lines)
        for (auto& at : line.addresses)
            at.function = "tlb_flush_mmu";
    expect_failing({"changed_lines"}, 0);
    EXPECT_EQ(check("changed_lines", 0).found, "no changed line has instructions in ipi");
    for (auto& line : lines_.maps[0].map.lines)
        for (auto& at : line.addresses)
            at.function = "tlb_remove_table_one.constprop.0"; // a copy of the function
    expect_failing({}, 0);
    // Next to another hunk neither.
    for (auto& line : lines_.maps[0].map.lines)
        line.hunk = 1;
    expect_failing({"changed_lines"}, 0);
}

TEST_F(LineChecks, NextToTheChangeMustHaveRunToo) {
    without_markers();
    strip(0);
    for (auto& boot : lines_.boots)
        if (boot.arm == "ipi") boot.lines[0][1] = boot.lines[0][2] = LineCount{0, 0, 3};
    expect_failing({"changed_lines"}, 0);
}

TEST_F(LineChecks, BothSidesOfTheChangeMustHaveRunOrTheOneBeforeItAndTheChangeInTheOtherArm) {
    without_markers();
    strip(0);
    const auto counted = [&](const char* arm, std::size_t i, const LineCount& count) {
        for (auto& boot : lines_.boots)
            if (boot.arm == arm) boot.lines[0][i] = count;
    };
    counted("ipi", 2, LineCount{0, 0, 3}); // behind a return, say
    expect_failing({}, 0);
    count(4, 1) = count(6, 2) = LineCount{80, 0, 0}; // neither line of the patched arm always ran
    expect_failing({"changed_lines"}, 0);
    line(0, 2).hunk = 1; // next to another change
    line(1, 2).hunk = 1;
    expect_failing({}, 0); // one of two is enough
    counted("ipi", 1, LineCount{0, 0, 3});
    counted("ipi", 2, LineCount{80, 80, 0}); // behind the change, which shows nothing
    line(0, 2).hunk = line(1, 2).hunk = 0;
    counted("reviewed", 1, LineCount{80, 80, 0});
    expect_failing({"changed_lines"}, 0);
}

TEST_F(LineChecks, WhereOneHunkDidNotRunTheLinesNextToAnotherThatOnlyAddsCount) {
    without_markers();
    line(0, 2).border = true; // the patched arm adds lines here, and this arm has none
    line(0, 2).hunk = line(1, 2).hunk = 1;
    const auto counted = [&](std::size_t i, const LineCount& count) {
        for (auto& boot : lines_.boots)
            if (boot.arm == "ipi") boot.lines[0][i] = count;
    };
    counted(1, LineCount{0, 0, 3});
    counted(2, LineCount{80, 80, 0});
    expect_failing({}, 0);
    EXPECT_EQ(check("changed_lines", 0).found,
              "0 of 1 changed lines; not " + place_of(line(0, 1)) + "; lines next to others ran");
    spec_.target.lines = LinesWanted::All; // then each line of its own has to run
    expect_failing({"changed_lines"}, 0);
    spec_.target.lines = LinesWanted::Any;
    counted(2, LineCount{80, 0, 0});
    expect_failing({"changed_lines"}, 0);
}

TEST_F(LineChecks, CommentsInitCodeAndBoundsShowNothing) {
    without_markers();
    for (const auto reason : {LineReason::Comment, LineReason::Init, LineReason::Merged,
                              LineReason::IfdefOut, LineReason::OptimisedAway}) {
        for (std::size_t arm : {0, 1})
            for (std::size_t i : {1, 2})
                line(arm, i).reason = reason;
        expect_failing({"changed_lines"});
        EXPECT_NE(check("changed_lines").reason.find(words_of(reason)), std::string::npos);
    }
}

TEST_F(LineChecks, ArmsThatDifferInNoLineNeedAMarker) {
    for (auto& map : lines_.maps)
        map.map.lines.clear();
    for (auto& boot : lines_.boots)
        boot.lines = {{}};
    expect_failing({});
    without_markers();
    expect_failing({"changed_lines"});
    EXPECT_EQ(check("changed_lines").found, "no source line differs from ipi");
}

TEST_F(LineChecks, ThePluginAndPerfMustCountTheSameEntries) {
    for (auto& boot : lines_.boots)
        if (boot.arm == "reviewed" && boot.index == 6)
            boot.entries["tlb_remove_table_one"] = {79, 80, 0};
    expect_failing({}, 0);
    expect_failing({"entries_reconcile"});
    EXPECT_EQ(
        check("entries_reconcile").found,
        "boot 6: tlb_remove_table_one(): 79 entries by the emulator, 80 by perf (target_hits)");
    for (auto& boot : lines_.boots)
        if (boot.arm == "reviewed" && boot.index == 6)
            boot.entries["tlb_remove_table_one"] = {80, 79, 0};
    EXPECT_NE(check("entries_reconcile").found.find("timed_target_hits"), std::string::npos);
}

TEST_F(LineChecks, SeveralThreadsMakeNoExactCounts) {
    for (auto& boot : lines_.boots) {
        boot.exact = false;
        boot.entries["tlb_remove_table_one"] = {81, 79, 0};
    }
    expect_failing({});
    EXPECT_FALSE(has("entries_reconcile"));
    EXPECT_TRUE(has("changed_lines")); // that they ran is certain
}

TEST_F(LineChecks, OffSamePathAndRevisionsAskForNoLines) {
    lines_.boots.clear();
    spec_.target.lines = LinesWanted::Off;
    EXPECT_FALSE(has("changed_lines"));
    spec_.target.lines = LinesWanted::Any;
    spec_.target.revisions = true;
    EXPECT_FALSE(has("changed_lines"));
}

TEST_F(LineChecks, TheBaselineRunsItsLinesAgainstEachOtherArm) {
    auto other = spec_.arms[1];
    other.name = "other";
    spec_.arms.push_back(other);
    auto map = lines_.maps[0];
    map.against = "other";
    lines_.maps.push_back(map);
    for (auto& boot : lines_.boots)
        if (boot.arm == "ipi") boot.lines.push_back(boot.lines[0]);
    expect_failing({}, 0);
    for (auto& boot : lines_.boots)
        if (boot.arm == "ipi" && boot.index == 1)
            boot.lines[1] = {std::nullopt, LineCount{}, LineCount{}};
    expect_failing({"changed_lines"}, 0);
}

} // namespace
} // namespace rig
