// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/perf_output.h"
#include "rig/testing/captured.h"

#include <gtest/gtest.h>
#include <random>

namespace rig {
namespace {

TEST(PerfStat, CapturedOutput) {
    const auto rows = parse_perf_stat(testing::captured("6.12-ipi/counted-perf-stat.csv"));
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(rows->size(), 40u); // 10 events on 4 CPUs
    EXPECT_EQ((*rows)[0].event, "csd:csd_queue_cpu");
    EXPECT_EQ((*rows)[0].count, 36u); // 3 calls x 4 tables x 3 other CPUs
    EXPECT_EQ((*rows)[1].cpu, 1u);
}

TEST(PerfStat, WhatIsNotACountIsAnError) {
    for (const char* text :
         {"", "# started on Thu Jan  1\n\n", "CPU0,<not counted>,,x:y,0,100.00,,\n",
          "CPU0,<not supported>,,x:y,0,100.00,,\n", "CPU0,12\n", "0,12,,x:y,1,100.00\n",
          "CPU0,-1,,x:y,1,100.00,,\n", "CPU0,1.5,,x:y,1,100.00,,\n", "CPU99999,1,,x:y,1,,\n"}) {
        const auto rows = parse_perf_stat(text);
        ASSERT_FALSE(rows) << text;
        EXPECT_EQ(rows.error().blame, Blame::Guest);
    }
}

TEST(PerfScript, CapturedOutput) {
    const auto trace = parse_perf_script(testing::captured("6.12-ipi/counted-perf-script.txt"));
    ASSERT_TRUE(trace) << trace.error().message;
    EXPECT_EQ(trace->lost, 0u);
    unsigned munmaps = 0, failures = 0, sync = 0;
    for (const auto& event : trace->events) {
        munmaps += event.event == "syscalls:sys_enter_munmap";
        sync += trace_field(event.trace, "func") == "tlb_remove_table_smp_sync";
        if (event.event == "rig:alloc_failed") {
            ++failures;
            ASSERT_GT(event.callchain.size(), 3u);
            EXPECT_EQ(event.callchain[2].name, "tlb_remove_table");
        }
    }
    EXPECT_EQ(munmaps, 3u);
    EXPECT_EQ(failures, 12u);
    EXPECT_EQ(sync, 36u);
}

TEST(PerfScript, FieldsOfOneLine) {
    const auto trace =
        parse_perf_script("  my [odd] comm   61 [003]  3.307060780:   csd:csd_queue_cpu: cpu=1 "
                          "callsite=a+0x5 func=f csd=0x1 ffffffff810e462b g\n");
    ASSERT_TRUE(trace) << trace.error().message;
    ASSERT_EQ(trace->events.size(), 1u);
    const auto& event = trace->events[0];
    EXPECT_EQ(event.cpu, 3u);
    EXPECT_EQ(event.tid, 61);
    EXPECT_EQ(event.time_ns, 3307060780u);
    EXPECT_EQ(event.event, "csd:csd_queue_cpu");
    EXPECT_EQ(trace_field(event.trace, "func"), "f");
    EXPECT_EQ(trace_field(event.trace, "unc"), "");
    EXPECT_EQ(trace_field(event.trace, "csd"), "0x1");
}

TEST(PerfScript, AddressesWithoutNames) {
    const auto trace =
        parse_perf_script(testing::captured("6.12-ipi-addresses/counted-perf-script.txt"));
    ASSERT_TRUE(trace) << trace.error().message;
    unsigned failures = 0, sync = 0;
    for (const auto& event : trace->events) {
        sync += unnamed_address(trace_field(event.trace, "func")) == 0xffffffff8116e390;
        if (event.event != "rig:alloc_failed") continue;
        ++failures;
        ASSERT_GT(event.callchain.size(), 3u);
        EXPECT_EQ(event.callchain[2].address, 0xffffffff8116e7f2);
        EXPECT_EQ(event.callchain[2].name, "");
    }
    EXPECT_EQ(failures, 12u);
    EXPECT_EQ(sync, 36u);
    for (const char* name : {"", "smp_call_function", "smp_call_function+0x20", "0x", "0xg", "0x1 ",
                             "0x11112222333344445", "ffffffff8116e390"})
        EXPECT_FALSE(unnamed_address(name)) << name;
}

TEST(PerfScript, LostEventsAreCountedNotParsedAway) {
    const auto trace =
        parse_perf_script("perf 54 [003] 0.620975060: PERF_RECORD_LOST lost 17\nperf 54 [003] "
                          "0.620975061: PERF_RECORD_LOST_SAMPLES lost\n");
    ASSERT_TRUE(trace);
    EXPECT_EQ(trace->lost, 18u);
}

TEST(PerfScript, ALineThatIsNotUnderstoodIsAnError) {
    for (const char* text :
         {"hello\n", "\tffffffff8116e9b2 tlb_remove_table\n", "\tffffffff8116e9b2\n",
          "comm 1 [003] 12: x:y: z\n", "comm 1 [0x3] 1.000000000: x:y: z\n"}) {
        const auto trace = parse_perf_script(text);
        ASSERT_FALSE(trace) << text;
        EXPECT_NE(trace.error().message.find("line 1"), std::string::npos) << trace.error().message;
    }
}

TEST(PerfScript, MutatedOutputNeverCrashes) {
    std::mt19937 random(3);
    const std::string text = testing::captured("6.12-ipi/timed-perf-script.txt").substr(0, 4000);
    for (int round = 0; round < 500; ++round) {
        std::string mutated = text;
        for (int i = 0; i < 8; ++i)
            mutated[random() % mutated.size()] = static_cast<char>(random());
        parse_perf_script(mutated);
        parse_perf_stat(mutated);
    }
}

} // namespace
} // namespace rig
