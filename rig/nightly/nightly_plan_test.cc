// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/nightly_plan.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

NightConfig config_of(std::initializer_list<const char*> names) {
    NightConfig config;
    for (const char* name : names) {
        NightCell cell;
        cell.name = name;
        config.cells.push_back(cell);
    }
    return config;
}

CellMemory memory_of(const std::string& last, double seconds, CellParts parts) {
    CellMemory memory;
    memory.last = last, memory.seconds = seconds, memory.parts = std::move(parts),
    memory.changed = last;
    return memory;
}

const CellParts kNow{"git:b", "patches", "text", "rig"};

TEST(NightPlan, NeverRanThenChangedThenStalest) {
    const auto config = config_of({"fresh", "stale", "changed", "new"});
    const NightMemory memory{{"fresh", memory_of("2026-02-23T01:00:00Z", 60, kNow)},
                             {"stale", memory_of("2026-02-20T01:00:00Z", 60, kNow)},
                             {"changed", memory_of("2026-02-23T02:00:00Z", 90,
                                                   {"git:a", "patches", "text", "old rig"})}};
    const auto plan = plan_night(config, {kNow, kNow, kNow, kNow}, memory);
    std::vector<std::string> order;
    for (const auto& one : plan)
        order.push_back(config.cells[one.cell].name);
    EXPECT_EQ(order, (std::vector<std::string>{"new", "changed", "stale", "fresh"}));
    EXPECT_EQ(plan[0].why, "never ran");
    EXPECT_TRUE(plan[0].guessed);
    EXPECT_EQ(plan[0].seconds, 30 * 60);
    EXPECT_EQ(plan[1].why, "changed: kernel source, rig");
    EXPECT_EQ(plan[2].why, "last ran 2026-02-20T01:00:00Z");
    EXPECT_EQ(plan[1].seconds, 90);
}

TEST(NightPlan, WhatIsNotKnownIsNoChange) {
    EXPECT_TRUE(changed_parts({"", "p", "t", "r"}, {"git:a", "p", "t", "r"}).empty());
    EXPECT_EQ(changed_parts({"s", "p", "t", "r"}, {"s", "q", "u", "r"}),
              (std::vector<std::string>{"patches or configuration", "experiment file"}));
}

TEST(NightPlan, ACellThatDoesNotFitSaysWhy) {
    EXPECT_EQ(no_time_for({0, "", 600, false}, 0, 10), "");
    EXPECT_EQ(no_time_for({0, "", 600, false}, 1, 10),
              "no time left: its last run took 10 min, of 10 min are left 10 min");
    EXPECT_EQ(no_time_for({0, "", 601, false}, 0, 10),
              "no budget holds it: its last run took 10 min, budget_minutes is 10");
    EXPECT_NE(no_time_for({0, "", 1800, true}, 0, 10).find("first_run_minutes"), std::string::npos);
}

TEST(NightPlan, SinceADateKeepsWhatChangedSince) {
    auto memory = memory_of("2026-02-25T01:00:00Z", 60, kNow);
    memory.changed = "2026-02-20T01:00:00Z";
    EXPECT_EQ(unchanged_since(kNow, nullptr, "2026-02-23"), "");
    EXPECT_EQ(unchanged_since(kNow, &memory, "2026-02-19"), "");
    EXPECT_NE(
        unchanged_since(kNow, &memory, "2026-02-23").find("nothing of it changed since 2026-02-23"),
        std::string::npos);
    auto other = kNow;
    other.kernel = "other patches"; // a change since the last run counts as of now
    EXPECT_EQ(unchanged_since(other, &memory, "2026-02-23"), "");
}

TEST(NightPlan, DurationsInWords) {
    EXPECT_EQ(duration_text(40), "40 s");
    EXPECT_EQ(duration_text(725), "12 min");
    EXPECT_EQ(duration_text(11100), "3 h 05 min");
}

} // namespace
} // namespace rig
