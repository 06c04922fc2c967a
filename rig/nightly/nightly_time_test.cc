// SPDX-License-Identifier: GPL-2.0-or-later
// Tests of the time that a night spends and that a cell takes.
#include "rig/nightly/nightly.h"

#include "rig/testing/night_fixture.h"

namespace rig {
namespace {

using fixture::Killed, fixture::NightlyTest;

// The branch of a cell that was killed at nine tenths goes on: what it took before is the night's
// and the cell's, and the next night knows how long the whole takes.
TEST_F(NightlyTest, TimeBeforeAKillIsCountedAndNoDurationIsThatOfTheRest) {
    use_one_cell();
    nights_.run_seconds = 3600;
    night();
    nights_.next_evening();
    nights_.before_run = [this](const std::string&) {
        nights_.now += std::chrono::seconds(3240);
        throw Killed();
    };
    EXPECT_THROW((void)nights_.night(), Killed);
    nights_.before_run = [](const std::string&) {};
    nights_.run_seconds = 360;
    auto result = night();
    EXPECT_EQ(result.night.spent, 3600);
    EXPECT_EQ(result.night.cells[0].seconds, 3600);
    EXPECT_EQ(result.night.cells[0].began, "");
    nights_.next_evening();
    nights_.run_seconds = 3500;
    result = night();
    EXPECT_EQ(result.night.cells[0].expected, 3600);
    nights_.next_evening();
    EXPECT_EQ(night().night.cells[0].expected, 3500); // measured, since it was made in one go
}

// The time of a re-run counts for the night, not for the cell.
TEST_F(NightlyTest, TimeOfAReRunThatWasKilledIsTheNights) {
    use_one_cell();
    nights_.run_seconds = 600;
    nights_.verdict = [](auto&&...) { return "fail"; };
    nights_.before_run = [this](const std::string&) {
        if (nights_.ran.size() != 1) return;
        nights_.now += std::chrono::seconds(500);
        throw Killed();
    };
    EXPECT_THROW((void)nights_.night(), Killed);
    nights_.before_run = [](const std::string&) {};
    const auto result = night();
    EXPECT_EQ(result.night.spent, 600 + 500 + 600);
    EXPECT_EQ(result.night.cells[0].seconds, 600);
}

TEST_F(NightlyTest, TimeInWhichTheMachineWasDownIsNotSpent) {
    use_one_cell();
    nights_.run_seconds = 600;
    night();
    nights_.next_evening();
    nights_.before_run = [this](const std::string&) {
        nights_.now += std::chrono::hours(9);
        throw Killed();
    };
    EXPECT_THROW((void)nights_.night(), Killed);
    nights_.before_run = [](const std::string&) {};
    const auto result = night();
    EXPECT_EQ(result.night.cells[0].state, "done"); // nine hours are more than the budget of four
    EXPECT_EQ(result.night.spent,
              // At most the expected duration, plus the duration of the new attempt.
              600 + 600);
}

// A resumed run of another night: the time of its rest is not the duration of the cell.
TEST_F(NightlyTest, ARunThatAnotherNightBeganIsNoDuration) {
    use_one_cell();
    nights_.run_seconds = 300;
    const auto world_of = [this] {
        auto environment = nights_.environment();
        environment.run = [this](const NightCell& cell, const std::string& at,
                                 bool) -> Result<RunRecord> {
            auto run = nights_.run(cell, at);
            if (run) run->started = "2026-02-22T01:00:00Z";
            return run;
        };
        return environment;
    };
    NightOptions options;
    options.results = nights_.results;
    ASSERT_TRUE(run_night(nights_.config, options, world_of(), {}));
    nights_.next_evening();
    EXPECT_EQ(night().night.cells[0].expected, 30 * 60); // the guess for a cell that never ran
    nights_.next_evening();
    EXPECT_EQ(night().night.cells[0].expected, 300);
}

} // namespace
} // namespace rig
