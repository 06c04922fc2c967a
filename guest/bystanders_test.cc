// SPDX-License-Identifier: GPL-2.0-or-later
// Runs bystanders on this host's CPU 0.
#include "guest/bystanders.h"

#include <cerrno>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

namespace rig::guest {
namespace {

using namespace std::chrono_literals;

TEST(Bystanders, InUserSpaceCountWorkAndTheLongestGapWhileRecording) {
    Bystanders bystanders;
    BystanderPlan plan;
    plan.cpus = {0};
    plan.mode = BystanderPlan::Mode::User;
    ASSERT_TRUE(bystanders.start(plan));
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(bystanders.user_log(0).work, 0u) << "nothing is counted before the window";
    EXPECT_EQ(bystanders.user_log(0).gap_ticks, 0u);
    bystanders.record(true);
    std::this_thread::sleep_for(300ms);
    bystanders.record(false);
    std::this_thread::sleep_for(100ms); // it notices the end
    const auto work = bystanders.user_log(0).work;
    EXPECT_GT(work, 1000u);
    EXPECT_GE(bystanders.recorded_ns(), 300'000'000u);
    const auto gap = bystanders.ticks_to_ns(bystanders.user_log(0).gap_ticks);
    // An interrupt or another task; at most the time until this test stopped looking.
    EXPECT_GT(gap, 100u);
    EXPECT_LT(gap, 2'000'000'000u);
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(bystanders.user_log(0).work, work) << "nothing is counted after the window";
    bystanders.stop();
    EXPECT_EQ(bystanders.ticks_to_ns(0), 0u);
}

TEST(Bystanders, WithoutCpusNothingIsStarted) {
    Bystanders bystanders;
    EXPECT_TRUE(bystanders.start({}));
    bystanders.record(true);
    bystanders.record(false);
    EXPECT_EQ(bystanders.ticks_to_ns(5), 0u);
    bystanders.stop();
}

TEST(Bystanders, SleepersRecordEachWakeUp) {
    Bystanders bystanders;
    BystanderPlan plan;
    plan.cpus = {0};
    plan.period_us = 1000;
    plan.burst_iterations = 10;
    ASSERT_TRUE(bystanders.start(plan));
    bystanders.record(true);
    std::this_thread::sleep_for(200ms);
    bystanders.record(false);
    bystanders.stop();
    EXPECT_GT(bystanders.log(0).count, 3u);
    EXPECT_LE(bystanders.log(0).count, 400u);
    EXPECT_EQ(bystanders.log(0).dropped, 0u);
    EXPECT_GT(bystanders.log(0).burst_ns[0], 0u);
}

TEST(Bystanders, OnTheCallersCpuWakeUnderARealTimePolicy) {
    Bystanders bystanders;
    BystanderPlan plan;
    plan.caller = {true, 0, 1000, 50};
    if (!bystanders.start(plan)) {
        EXPECT_EQ(errno, EPERM) << "only a user without the right to it cannot start it";
        bystanders.stop();
        GTEST_SKIP() << "needs the right to SCHED_FIFO";
    }
    bystanders.record(true);
    std::this_thread::sleep_for(200ms);
    bystanders.record(false);
    bystanders.stop();
    EXPECT_GT(bystanders.caller_log().count, 3u);
    EXPECT_EQ(bystanders.caller_log().dropped, 0u);
}

} // namespace
} // namespace rig::guest
