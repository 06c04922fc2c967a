// SPDX-License-Identifier: GPL-2.0-or-later
// What a boot says about rates, about what the experiment requires, and about workload.check.
#include "rig/guest_output/metric.h"
#include "rig/guest_output/requirements.h"
#include "rig/guest_output/sample_builder.h"
#include "rig/plan/count_keys.h"
#include "rig/testing/captured.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;
using testing::captured_boot, testing::captured_spec, testing::kTarget, testing::plan_for;

class Operation : public ::testing::Test {
 protected:
    void SetUp() override { result_ = json::parse(boot_.at("result.json")); }
    Result<Sample> sample(FailedCheck failed = FailedCheck::Counts) {
        boot_["result.json"] = result_.dump();
        return collect(boot_, plan_for(spec_, kTarget), spec_, failed);
    }
    void expect_fault(const Result<Sample>& sample, const std::string& words) {
        ASSERT_FALSE(sample) << words;
        EXPECT_EQ(sample.error().fault_domain, FaultDomain::Guest);
        EXPECT_NE(sample.error().message.find(words), std::string::npos) << sample.error().message;
    }
    Spec spec_ = captured_spec();
    std::map<std::string, std::string> boot_ = captured_boot("6.12-ipi");
    json result_;
};

TEST_F(Operation, ARateIsOfTheLatencyPassAlone) {
    MetricSpec metric;
    metric.name = "throughput";
    metric.custom = CustomMetric{CustomMetric::Kind::Counter, kIterationsCounter, "", "", false};
    metric.custom->per_second = true;
    const auto before = sample();
    ASSERT_TRUE(before);
    EXPECT_FALSE(before->counts.contains(kRateWindowKey)) << "nothing else changes a sample";
    spec_.metrics = {metric};
    const auto found = sample();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->counts.at(rate_key("throughput")), 3u);
    const auto window = found->counts.at(kRateWindowKey);
    std::uint64_t calls = 0;
    for (const auto ns : found->call_latency_ns)
        calls += ns;
    EXPECT_GE(window, calls) << "from the first call's begin to the last one's end";
    EXPECT_NEAR(metric_value("throughput", *found, spec_.target).value(),
                3e9 / static_cast<double>(window), 1e-6);
    const auto infos = metric_infos(spec_.metrics);
    EXPECT_EQ(infos.back().unit, Unit::PerSecond);
    EXPECT_NE(definition(*metric.custom).find("higher is better"), std::string::npos);
}

TEST_F(Operation, WithoutTheLatencyPassASampleHasCountsOnly) {
    const auto both = sample();
    ASSERT_TRUE(both) << both.error().message;
    spec_.guest.passes = Passes::Count;
    expect_fault(sample(), "2 passes, want 1");
    result_.at("passes").erase(1);
    boot_.erase("timed-perf-script.txt");
    const auto found = sample();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->counts, both->counts);
    EXPECT_EQ(found->exercised.calls, both->exercised.calls);
    EXPECT_TRUE(found->call_latency_ns.empty());
    EXPECT_TRUE(found->bystander_wakeup_ns.empty());
    EXPECT_FALSE(metric_value("target_latency", *found, spec_.target));
    spec_.guest.passes = Passes::Both;
    expect_fault(sample(), "1 passes, want 2");
}

TEST_F(Operation, NodesAreReadIfTheGuestHasSeveral) {
    const auto usual = sample();
    ASSERT_TRUE(usual) << usual.error().message;
    EXPECT_FALSE(to_json(*usual).contains("nodes_online")) << "other samples look as before";
    spec_.guest.numa = 2;
    result_["nodes_online"] = 2;
    const auto found = sample();
    ASSERT_TRUE(found) << found.error().message;
    auto stored = *found;
    stored.run_clock = "virtual";
    stored.accelerator = "tcg";
    const auto again = sample_from_json(to_json(stored));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->nodes_online, 2u);
    result_.erase("nodes_online");
    expect_fault(sample(), "nodes_online");
}

TEST_F(Operation, AFailingCheckCountsOrIsAFaultAndIsNeverOverlooked) {
    spec_.workload.check = {"/bin/busybox", "true"};
    for (auto& pass : result_["passes"])
        pass["check"] = {{"exit", 0}, {"said", ""}};
    EXPECT_EQ(sample()->counts.at(kFailedChecks), 0u);
    EXPECT_TRUE(sample(FailedCheck::IsFault));
    result_["passes"][1]["check"] = {{"exit", 3}, {"said", "page still mapped\x1b[2J"}};
    EXPECT_EQ(sample()->counts.at(kFailedChecks), 1u);
    EXPECT_EQ(metric_value(kFailedChecks, *sample(), spec_.target), 1.0);
    expect_fault(sample(FailedCheck::IsFault), "latency pass: workload.check ended with exit code "
                                               "3; it said: page still mapped");
    EXPECT_EQ(sample(FailedCheck::IsFault).error().message.find('\x1b'), std::string::npos);
    result_["passes"][0]["check"] = {{"signal", 9}, {"said", ""}};
    EXPECT_EQ(sample()->counts.at(kFailedChecks), 2u);
    expect_fault(sample(FailedCheck::IsFault), "count pass: workload.check was killed by signal 9");
    result_["passes"][0].erase("check"); // it did not start
    expect_fault(sample(), "check");
}

TEST_F(Operation, WhatTheGuestLacksIsKeptAndNamedWhenTheWorkloadFails) {
    spec_.required.cpu_flags = {"fpu", "invlpgb"};
    expect_fault(sample(), kCpuInfo);
    boot_[kCpuInfo] = "flags\t: fpu de\n";
    expect_fault(sample(), "did not say");
    result_["required"] = json::array();
    auto found = sample();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->requirements,
              (std::map<std::string, std::uint64_t>{{"CPU flag fpu", 1}, {"CPU flag invlpgb", 0}}));
    found->run_clock = "virtual", found->accelerator = "tcg"; // the caller fills them in
    const auto again = sample_from_json(to_json(*found));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->requirements, found->requirements);
    result_["passes"][0]["workload"]["error"] = "no such instruction";
    expect_fault(sample(), "the guest lacks what the experiment requires: CPU flag invlpgb");
}

TEST_F(Operation, ThePlanHasTheCommandsAndPathsOnlyIfTheExperimentHas) {
    auto plan = plan_for(spec_, kTarget).json;
    EXPECT_FALSE(plan.contains("around"));
    EXPECT_FALSE(plan.contains("required_paths"));
    spec_.workload.check = {"/bin/busybox", "true"};
    spec_.required.files = {"/proc/kcore"};
    plan = plan_for(spec_, kTarget).json;
    EXPECT_EQ(plan["around"], json({{"check", {"/bin/busybox", "true"}}}));
    EXPECT_EQ(plan["required_paths"], json::array({"/proc/kcore"}));
}

} // namespace
} // namespace rig
