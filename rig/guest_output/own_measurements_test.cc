// SPDX-License-Identifier: GPL-2.0-or-later
// What the workload and the bystanders measured themselves, in a captured boot whose result was
// changed.
#include "rig/guest_output/metric.h"
#include "rig/guest_output/sample_builder.h"
#include "rig/testing/captured.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;
using testing::captured_boot, testing::captured_spec, testing::kTarget, testing::plan_for;

class OwnMeasurements : public ::testing::Test {
 protected:
    Result<Sample> collected() {
        boot_["result.json"] = result_.dump();
        return collect(boot_, plan_for(spec_, kTarget), spec_);
    }
    void refused(const std::string& part) {
        const auto sample = collected();
        ASSERT_FALSE(sample) << part;
        EXPECT_EQ(sample.error().fault_domain, FaultDomain::Guest);
        EXPECT_NE(sample.error().message.find(part), std::string::npos) << sample.error().message;
    }

    std::map<std::string, std::string> boot_ = captured_boot("6.12-ipi");
    json result_ = json::parse(boot_["result.json"]);
    Spec spec_ = captured_spec();
};

// The rounds of threads where the captured boot has calls of munmap().
class OfThreads : public OwnMeasurements {
 protected:
    void SetUp() override {
        for (auto& [name, text] : boot_)
            for (const auto& [from, to] :
                 {std::pair<std::string, std::string>{"sys_enter_munmap", "sys_enter_futex"},
                  {"sys_exit_munmap", "sys_exit_readv"}})
                for (auto at = text.find(from); at != text.npos; at = text.find(from, at + 1))
                    text.replace(at, from.size(), to);
        spec_.workload.name = "threads";
        spec_.workload.parameters["group"] =
            std::vector<ParameterTable>{{{{"name", std::string("callers")},
                                          {"threads", 2u},
                                          {"calls", 2u},
                                          {"errors", std::vector<std::string>{"EAGAIN"}}}}};
        for (auto& pass : result_.at("passes")) {
            auto& workload = pass.at("workload");
            workload["counters"] = {{"callers_calls", 12},
                                    {"callers_errors", 1},
                                    {"callers_eagain", 1},
                                    {"callers_0_calls", 6},
                                    {"callers_1_calls", 6}};
            workload["timings"] = {{"callers_0", {1, 2, 3}}, {"callers_1", {10, 20}}};
        }
        using Kind = CustomMetric::Kind;
        define("time", Kind::Timing, "callers");
        define("time_of_one", Kind::Timing, "callers_1");
        define("failed", Kind::Counter, "callers_eagain");
    }
    void define(const std::string& name, CustomMetric::Kind kind, const std::string& what) {
        CustomMetric custom;
        custom.kind = kind;
        custom.what = what;
        spec_.metrics.emplace_back().name = name;
        spec_.metrics.back().custom = custom;
    }
};

TEST_F(OfThreads, TimingsAreKeptByThreadAndReadByMetrics) {
    const auto sample = collected();
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->workload_ns.at("callers_0"), (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(sample->latencies_ns.at("time"), (std::vector<std::uint64_t>{1, 2, 3, 10, 20}));
    EXPECT_EQ(metric_value("time", *sample, spec_.target), 3); // the median
    EXPECT_EQ(metric_value("time_of_one", *sample, spec_.target), 15);
    EXPECT_EQ(metric_value("failed", *sample, spec_.target), 2); // both passes
    EXPECT_EQ(sample->counters.at("callers_calls"), 24u);
    auto stored = *sample;
    stored.run_clock = "virtual"; // the boot's, which collect() does not know, as its accelerator
    stored.accelerator = "tcg";
    const auto again = sample_from_json(to_json(stored));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), to_json(stored));
}

TEST_F(OfThreads, WhatTheGuestDoesNotReportIsAGuestFault) {
    auto& workload = result_.at("passes").at(1).at("workload");
    const auto whole = workload;
    workload.at("timings").erase("callers_1");
    refused("did not report what it timed as callers_1");
    workload = whole;
    workload.at("counters").erase("callers_eagain");
    refused("did not report its counter callers_eagain");
    // A call that failed with another error: no sample.
    workload = whole;
    workload["error"] = "group callers: madvise failed with EPERM in call 1 of thread 0";
    refused("the workload failed in the latency pass: group callers: madvise failed with EPERM");
}

TEST_F(OwnMeasurements, BystandersInUserSpaceAndOnTheCallersCpu) {
    spec_.workload.bystander_mode = BystanderMode::User;
    spec_.workload.caller_bystander = CallerBystander{};
    result_["bystanders"] = json::array();
    result_["user_bystanders"] = {
        {{"cpu", 2}, {"work", 900}, {"window_ns", 500'000'000}, {"gap_ns", 40}},
        {{"cpu", 3}, {"work", 800}, {"window_ns", 500'000'000}, {"gap_ns", 60}}};
    result_["caller_bystander"] = {{"cpu", 0}, {"dropped", 0}, {"wakeup_ns", {5, 7}}};
    const auto sample = collected();
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(metric_value("bystander_user_work", *sample, spec_.target), 3400);
    EXPECT_EQ(metric_value("bystander_user_gap", *sample, spec_.target), 60);
    EXPECT_EQ(metric_value("caller_bystander_wakeup", *sample, spec_.target), 6);
    EXPECT_EQ(metric_value("caller_bystander_worst", *sample, spec_.target), 7);
    EXPECT_FALSE(metric_value("bystander_wakeup", *sample, spec_.target)) << "none sleeps";
    auto stored = *sample;
    stored.run_clock = "virtual"; // the boot's, which collect() does not know, as its accelerator
    stored.accelerator = "tcg";
    const auto again = sample_from_json(to_json(stored));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), to_json(stored));

    result_["user_bystanders"][1]["work"] = 0;
    refused("the bystander in user space on CPU 3 did no work");
    result_["user_bystanders"][1]["work"] = 800;
    result_["user_bystanders"][1]["window_ns"] = 0;
    refused("a window of 0 ns");
    result_["user_bystanders"][1]["window_ns"] = 500'000'000;
    result_["caller_bystander"]["dropped"] = 9;
    refused("raise workload.caller_bystander.period_us");
    result_.erase("caller_bystander");
    refused("caller_bystander");
}

// The samples of all other experiments look as before.
TEST_F(OwnMeasurements, OtherSamplesDoNotMentionThem) {
    const auto sample = collected();
    ASSERT_TRUE(sample) << sample.error().message;
    const auto text = to_json(*sample);
    for (const char* key : {"workload_ns", "bystander_user_work", "bystander_user_gap_ns",
                            "caller_bystander_wakeup_ns"})
        EXPECT_FALSE(text.contains(key)) << key;
}

} // namespace
} // namespace rig
