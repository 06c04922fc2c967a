// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/perf_output.h"
#include "rig/testing/captured.h"

#include <fmt/format.h>
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
        EXPECT_EQ(rows.error().fault_domain, FaultDomain::Guest);
    }
}

// As perf 6.12 prints it with -j instead of -x.
constexpr const char* kJson =
    "# started on Thu Jan  1 00:00:00 1970\n\n"
    R"json({"cpu" : "0", "counter-value" : "36.000000", "unit" : "", )json"
    R"json("event" : "csd:csd_queue_cpu", "event-runtime" : 950889657, )json"
    R"json("pcnt-running" : 100.00, )json"
    R"json("metric-value" : "0.000000", "metric-unit" : "(null)"})json"
    "\n"
    R"json({"cpu" : "1", "counter-value" : "9007199254740991.000000", "unit" : "", )json"
    R"json("event" : "rig:target", "event-runtime" : 1, "pcnt-running" : 100.00})json"
    "\n";

TEST(PerfStat, JsonGivesTheSameRows) {
    const auto rows = parse_perf_stat(kJson);
    ASSERT_TRUE(rows) << rows.error().message;
    ASSERT_EQ(rows->size(), 2u);
    EXPECT_EQ((*rows)[0].cpu, 0u);
    EXPECT_EQ((*rows)[0].count, 36u);
    EXPECT_EQ((*rows)[0].event, "csd:csd_queue_cpu");
    EXPECT_EQ((*rows)[1].cpu, 1u);
    EXPECT_EQ((*rows)[1].count, 9007199254740991u);
    EXPECT_EQ((*rows)[1].event, "rig:target");
    // The captured rows, rewritten as JSON.
    const auto csv = parse_perf_stat(testing::captured("6.12-ipi/counted-perf-stat.csv")).value();
    std::string json;
    for (const auto& row : csv)
        json +=
            fmt::format("{{\"cpu\" : \"{}\", \"counter-value\" : \"{}.000000\", \"unit\" : \"\", "
                        "\"event\" : \"{}\"}}\n",
                        row.cpu, row.count, row.event);
    const auto again = parse_perf_stat(json);
    ASSERT_TRUE(again) << again.error().message;
    ASSERT_EQ(again->size(), csv.size());
    for (std::size_t i = 0; i < csv.size(); ++i) {
        EXPECT_EQ((*again)[i].cpu, csv[i].cpu);
        EXPECT_EQ((*again)[i].count, csv[i].count);
        EXPECT_EQ((*again)[i].event, csv[i].event);
    }
}

TEST(PerfStat, JsonThatIsNotACountIsAnError) {
    const auto row = [](const char* cpu, const char* count, const char* event) {
        return fmt::format("{{\"cpu\" : {}, \"counter-value\" : {}, \"event\" : {}}}\n", cpu, count,
                           event);
    };
    ASSERT_TRUE(parse_perf_stat(row(R"("0")", R"("1.0")", R"("x:y")")));
    const std::string good = row(R"("0")", R"("1")", R"("x:y")");
    for (const auto& text :
         {std::string("{\n"), std::string("{}\n"), std::string("{\"cpu\" : \"0\"}\n"),
          row(R"("0")", R"("<not counted>")", R"("x:y")"),
          row(R"("0")", R"("<not supported>")", R"("x:y")"), row(R"("0")", R"("1.5")", R"("x:y")"),
          row(R"("0")", R"("1.")", R"("x:y")"), row(R"("0")", R"("-1.0")", R"("x:y")"),
          row(R"("0")", R"("1e3")", R"("x:y")"),
          row(R"("0")", R"("18446744073709551616.0")", R"("x:y")"), row(R"("0")", "1", R"("x:y")"),
          row("0", R"("1")", R"("x:y")"), row(R"("CPU0")", R"("1")", R"("x:y")"),
          row(R"("4096")", R"("1")", R"("x:y")"), row(R"("0")", R"("1")", R"("")"),
          good + "CPU0,12,,x:y,1,100.00,,\n", "CPU0,12,,x:y,1,100.00,,\n" + good,
          good.substr(0, good.size() - 2)}) {
        const auto rows = parse_perf_stat(text);
        ASSERT_FALSE(rows) << text;
        EXPECT_EQ(rows.error().fault_domain, FaultDomain::Guest);
        EXPECT_NE(rows.error().message.find("line "), std::string::npos) << rows.error().message;
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

// As perf prints an event: the name is padded unless the event has a callchain.
std::string printed(const std::string& name, int tid, unsigned time, bool chain) {
    return fmt::format("{:>{}} {:7} [{:03}] {:5}.{:09}: ", name, chain ? 0 : 16, tid, time % 4,
                       time, time) +
           (chain ? "       rig:alloc_failed: (ffffffff8116e9b2)\n"
                    "\tffffffff8116e9b2 free_one\n"
                    "\t          401234 main\n\n"
                  : "      csd:csd_queue_cpu: cpu=1 func=f ffffffff810e462b g\n");
}

// The same events, whatever names their processes have.
void expect_events(const std::vector<std::string>& names, const std::vector<int>& tids) {
    std::string text, shown;
    unsigned time = 0;
    for (const auto& name : names)
        for (const bool chain : {false, true, true, false}) {
            ++time;
            text += printed(name, tids[time % tids.size()], time, chain);
        }
    for (const auto& name : names)
        shown += fmt::format("{:?} ", name);
    const auto trace = parse_perf_script(text);
    ASSERT_TRUE(trace) << shown << trace.error().message;
    ASSERT_EQ(trace->events.size(), time) << shown;
    EXPECT_EQ(trace->lost, 0u) << shown;
    for (unsigned i = 1; i <= time; ++i) {
        const auto& event = trace->events[i - 1];
        const bool chain = i % 4 == 2 || i % 4 == 3;
        ASSERT_EQ(event.time_ns, i * 1'000'000'001ull) << shown;
        ASSERT_EQ(event.cpu, i % 4) << shown;
        ASSERT_EQ(event.tid, tids[i % tids.size()]) << shown;
        ASSERT_EQ(event.event, chain ? "rig:alloc_failed" : "csd:csd_queue_cpu") << shown;
        ASSERT_EQ(event.callchain.size(), chain ? 2u : 0u) << shown;
        if (!chain) continue;
        ASSERT_EQ(event.callchain[0].address, 0xffffffff8116e9b2) << shown;
        ASSERT_EQ(event.callchain[1].name, "main") << shown;
    }
}

const std::vector<int> kTids{1, 61, 32768, 4194304, 99999};

TEST(PerfScript, AProcessMayHaveAnyName) {
    const std::vector<std::string> names{"",
                                         "job[003]",
                                         "job [003]",
                                         "[003]",
                                         " 7 [003] ",
                                         "7 [003] 1.",
                                         "x 7 [003] 1.000",
                                         "[003] 1.0000000",
                                         "1.000000000: a:",
                                         "a\nb",
                                         "\n",
                                         "\n\n\n",
                                         "x\n 1 [000] 2.0",
                                         "\tffffffff8116e9",
                                         "a\n\tffffffff811",
                                         "\nabc def\n",
                                         "abc\n",
                                         "\t              ",
                                         "              \t",
                                         "PERF_RECORD_LOS",
                                         "lost 17",
                                         "# comment",
                                         "a: b: c",
                                         "1",
                                         "-1",
                                         "12 34",
                                         "\xff\xfe\x01\r",
                                         "kworker/0:1-mm"};
    for (const auto& name : names) {
        ASSERT_LE(name.size(), 15u); // the kernel limits a task's name to 15 bytes
        expect_events({name}, kTids);
    }
    expect_events(names, kTids);
}

TEST(PerfScript, NoNameFoolsIt) {
    std::mt19937 random(7);
    const std::string alphabet = "[[]]   00123..::\n\n\tabf-x";
    for (int round = 0; round < 3000; ++round) {
        std::vector<std::string> names(3);
        for (auto& name : names)
            for (auto left = random() % 16; left > 0; --left)
                name += alphabet[random() % alphabet.size()];
        ASSERT_NO_FATAL_FAILURE(expect_events(names, kTids));
    }
    // Every part of a complete event line that fits into a name.
    const std::string forged =
        "\nx 61 [003] 9.000000000: rig:target: (0)\n\tffffffff8116e9b2 f\n\n";
    for (std::size_t from = 0; from < forged.size(); ++from)
        for (std::size_t size = 1; size <= 15; ++size)
            ASSERT_NO_FATAL_FAILURE(
                expect_events({forged.substr(from, size), forged.substr(from / 2, size)}, kTids));
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
    // An event without a task, as perf prints it.
    const auto none = parse_perf_script("             :-1      -1 [-01] 18446744073.709551615: "
                                        "PERF_RECORD_LOST lost 3\n");
    ASSERT_TRUE(none) << none.error().message;
    EXPECT_EQ(none->lost, 3u);
}

TEST(PerfScript, ALineThatIsNotUnderstoodIsAnError) {
    for (const char* text :
         {"hello\n", "\tffffffff8116e9b2 tlb_remove_table\n", "\tffffffff8116e9b2\n",
          "comm 1 [003] 12: x:y: z\n", "comm 1 [0x3] 1.000000000: x:y: z\n",
          "comm 1 [-01] 1.000000000: x:y: z\n", "comm 1 [003] 9999999999.000000000: x:y: z\n",
          "comm 1 [003] 1.0000000000: x:y: z\n", "comm [003] 1.000000000: x:y: z\n",
          "comm 1 [003] 1.000000000: \n", "PERF_RECORD_LOST lost 3\n",
          "a name that is too long for a task 1 [003] 1.000000000: x:y: z\n"}) {
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
