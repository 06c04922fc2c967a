// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/report.h"

#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

TEST(Assemble, ProvesEveryArmAgainstItsOwnKernel) {
    auto spec = make_spec();
    auto run = make_run(spec);
    auto input = assemble(spec, run, make_samples(spec), {"from the store"}, "results/x");
    ASSERT_EQ(input.comparison.checks.size(), 2u);
    EXPECT_TRUE(input.comparison.checks[0].all_pass());
    EXPECT_TRUE(input.comparison.checks[1].all_pass());
    EXPECT_EQ(input.warnings, std::vector<std::string>{"from the store"});
    EXPECT_EQ(input.run_dir, "results/x");

    run.kernels[1].facts.image_sha256 = run.kernels[0].facts.image_sha256;
    EXPECT_EQ(assemble(spec, run, make_samples(spec), {}, "").comparison.exit, Exit::Inconclusive);
    run.kernels.clear(); // no kernel facts: the checks fail
    EXPECT_EQ(assemble(spec, run, make_samples(spec), {}, "").comparison.exit, Exit::Inconclusive);
}

TEST(Assemble, ListsFunctionsMostFrequentFirstWithoutTheSyncFunction) {
    auto spec = make_spec();
    auto input = assemble(spec, make_run(spec), make_samples(spec), {}, "");
    ASSERT_EQ(input.functions.size(), 3u);
    EXPECT_EQ(input.functions[0].function, "ttwu_pending");
    EXPECT_EQ(input.functions[0].arms[0]->min, 210);
    EXPECT_EQ(input.functions[0].arms[1]->max, 483);
    EXPECT_EQ(input.functions[2].function, "nohz_full_kick_func");
    EXPECT_FALSE(input.rest);
}

TEST(Assemble, TheRestIsSummedBootByBoot) {
    auto spec = make_spec(2);
    auto samples = make_samples(spec);
    for (auto& s : samples) {
        s.ipis_by_function.clear();
        for (int i = 0; i < 6; ++i)
            s.ipis_by_function["often" + std::to_string(i)] = 100;
        // 10 in every boot, although neither function is constant.
        s.ipis_by_function["rare_a"] = s.id.index ? 3 : 7;
        s.ipis_by_function["rare_b"] = s.id.index ? 7 : 3;
    }
    auto input = assemble(spec, make_run(spec), samples, {}, "");
    ASSERT_TRUE(input.rest);
    EXPECT_EQ(input.rest->function, "2 more functions");
    EXPECT_EQ(input.rest->arms[0]->min, 10);
    EXPECT_EQ(input.rest->arms[0]->max, 10);
    // A function that one boot lacks counts as 0 there.
    samples[0].ipis_by_function.erase("often0");
    input = assemble(spec, make_run(spec), samples, {}, "");
    EXPECT_EQ(input.functions[5].function, "often0");
    EXPECT_EQ(input.functions[5].arms[0]->min, 0);
}

TEST(Assemble, WhatElseDiffersIsSaid) {
    auto spec = make_spec();
    auto samples = make_samples(spec);
    spec.arms[1].cmdline = "rcupdate.rcu_expedited=1";
    auto run = make_run(spec);
    run.kernels[1].facts.config_differs = {{"KASAN", "y -> n"}};
    for (auto& s : samples)
        if (s.id.arm == "reviewed" && s.id.index == 3)
            s.exercised.exposed_calls = 10; // of 20 calls
    const auto input = assemble(spec, run, samples, {}, "");
    ASSERT_EQ(input.warnings.size(), 3u);
    EXPECT_NE(input.warnings[0].find(
                  "reviewed boots with another command line than ipi: 'rcupdate.rcu_expedited=1'"),
              std::string::npos);
    EXPECT_NE(input.warnings[1].find("reviewed is built with 1 other options than ipi"),
              std::string::npos);
    EXPECT_NE(input.warnings[2].find(
                  "reviewed: in 1 of 8 boots at most half of the calls ran the target"),
              std::string::npos);
}

TEST(Assemble, ABoundThatHoldsWhateverHappensIsSaid) {
    auto spec = make_spec();
    const auto warnings = [&](double ratio) {
        spec.metrics = {at_most("target_latency", ratio)};
        return assemble(spec, make_run(spec), make_samples(spec), {}, "")
            .warnings; // measured: ×553 [×552, ×554]
    };
    EXPECT_TRUE(warnings(5500).empty());
    ASSERT_EQ(warnings(5600).size(), 1u);
    EXPECT_NE(
        warnings(5600)[0].find(
            "target latency in reviewed: the bound of ×5600 is 10 times what was measured or more"),
        std::string::npos)
        << warnings(5600)[0];
}

TEST(Assemble, SplatsOfWarmUpBootsAreJudged) {
    auto spec = make_spec();
    spec.guest.warmup_boots = 1;
    spec.guest.boots = 7;
    auto samples = make_samples(make_spec());
    for (auto& s : samples)
        s.run_clock = "wall";
    samples[1].splats = {{SplatKind::Warning, "WARNING: at mm/memory.c", "zap_pte_range", {}, 1}};
    const auto input = assemble(spec, make_run(spec), samples, {}, "");
    EXPECT_EQ(input.comparison.exit, Exit::Fail) << input.comparison.closing;
}

// These times include waiting for other boots: a bound may hold only because of that. A value
// beyond its bound is still broken.
TEST(Assemble, SharedHostCpusLeaveNoBoundOnATimeHeld) {
    auto spec = make_spec();
    spec.metrics = {exactly("sync_ipis", {{"reviewed", {ExactValue{0}}}}),
                    at_most("target_latency", 5000)};
    auto run = make_run(spec);
    auto samples = make_samples(spec);
    run.clock = "wall";
    run.cpu_allocation = {2, {"0-4", "5-9"}, true, false, {"from the packer"}};
    const auto verdict_of = [&](const char* metric) {
        return assemble(spec, run, samples, {}, "").comparison.find(metric)->arms.at(1).verdict;
    };
    const auto apart = assemble(spec, run, samples, {}, "");
    EXPECT_EQ(verdict_of("target_latency"), Verdict::AsDeclared);
    ASSERT_EQ(apart.warnings.size(), 2u);
    EXPECT_EQ(apart.warnings[0], "from the packer");
    EXPECT_NE(apart.warnings[1].find("2 boots ran at once"), std::string::npos);
    run.cpu_allocation.shared = true;
    EXPECT_EQ(verdict_of("target_latency"), Verdict::Undecided);
    EXPECT_EQ(verdict_of("sync_ipis"), Verdict::AsDeclared) << "a count is no time";
    EXPECT_NE(assemble(spec, run, samples, {}, "").warnings.back().find("boots shared host CPUs"),
              std::string::npos);
    spec.metrics[1] = at_most("target_latency", 2);
    EXPECT_EQ(verdict_of("target_latency"), Verdict::Broken);
}

TEST(Assemble, WarnsOfClocksAndOfStrangers) {
    auto spec = make_spec();
    auto samples = make_samples(spec);
    samples[0].agent_call_ns.assign(20, 1);
    samples.push_back(make_sample("stranger", 0, true));
    auto input = assemble(spec, make_run(spec), samples, {}, "");
    ASSERT_EQ(input.warnings.size(), 2u);
    EXPECT_NE(input.warnings[0].find("ipi: the clocks disagree"), std::string::npos);
    EXPECT_EQ(input.warnings[1], "1 boots of arm stranger ignored: the experiment has no such arm");
}

} // namespace
} // namespace rig
