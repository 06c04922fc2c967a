// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/trial/trial_experiment.h"

#include "rig/spec/spec_parser.h"
#include "rig/testing/temp_tree.h"

#include <cmath>
#include <gtest/gtest.h>

namespace rig {
namespace {

class TrialText : public ::testing::Test {
 protected:
    TrialText() {
        dir.put("kernel-patches/series/series", "");
        dir.put("configs/kernel/base.config", "");
        trial.name = "fix";
        trial.description = "mm: say \"no\" to \\ and more";
        trial.source = "{ distro = \"linux-source-6.12\" }";
        trial.arch = "x86_64";
        trial.fragments = {"configs/kernel/base.config"};
        trial.series = "kernel-patches/series";
        trial.options = {{"NUMA", "y", "mm/vmstat.o depends on it"},
                         {"NR_CPUS", "8", ""},
                         {"LOCALVERSION", "\"-x\"", ""}};
        trial.workload = "command";
        trial.command = {"/bin/sh", "-c", "echo \"1\" > /proc/sys/vm/stat_refresh"};
        trial.target = "vmstat_refresh";
        trial.functions = {"need_update", "Quiet_vmstat"};
    }
    Spec must_parse() {
        const auto text = experiment_text(trial);
        EXPECT_TRUE(text) << text.error().message;
        auto spec = parse_spec(text.value_or(""), dir / "fix.toml");
        EXPECT_TRUE(spec) << spec.error().message << "\n" << text.value_or("");
        return spec.value_or(Spec{});
    }
    testing::TempTree dir;
    TrialExperiment trial;
};

TEST_F(TrialText, IsAnExperimentOfItsOwn) {
    const auto spec = must_parse();
    EXPECT_EQ(spec.name, "fix");
    EXPECT_EQ(spec.description, trial.description);
    EXPECT_EQ(spec.kernel.options.at("NUMA"), "y");
    EXPECT_EQ(spec.kernel.options.at("NR_CPUS"), "8");
    EXPECT_EQ(spec.kernel.options.at("LOCALVERSION"), "\"-x\"");
    ASSERT_EQ(spec.arms.size(), 2u);
    EXPECT_EQ(spec.arms[0].marker, ""); // the lines are counted
    EXPECT_FALSE(spec.faults[0].enabled);
    EXPECT_EQ(spec.workload.words("command"), trial.command);
    EXPECT_EQ(spec.target.function, "vmstat_refresh");
    for (const auto& metric : spec.metrics)
        EXPECT_EQ(metric.kind, ExpectKind::Report) << metric.name;
}

TEST_F(TrialText, CountsAndTimesEachChangedFunction) {
    const auto spec = must_parse();
    const auto has = [&](const std::string& name, const std::string& what) {
        for (const auto& metric : spec.metrics)
            if (metric.name == name) return metric.custom && metric.custom->what == what;
        return false;
    };
    EXPECT_TRUE(has("calls_need_update", "need_update"));
    EXPECT_TRUE(has("latency_need_update", "need_update"));
    EXPECT_TRUE(has("latency_quiet_vmstat", "Quiet_vmstat"));
    EXPECT_TRUE(has("calls_vmstat_refresh", "vmstat_refresh"));
    EXPECT_TRUE(has("instructions_need_update", "need_update"));
    EXPECT_TRUE(has("instructions_vmstat_refresh", "vmstat_refresh"));
    EXPECT_TRUE(has("page_faults", "handle_mm_fault"));
    EXPECT_TRUE(has("context_switches", "sched:sched_switch"));
}

TEST_F(TrialText, LongAndAlikeNamesAreMetricsOfTheirOwn) {
    trial.functions = {"Need_update", "need_update", "pgtable_trans_huge_withdraw_and_deposit_one",
                       "pgtable_trans_huge_withdraw_and_deposit_two"};
    const auto spec = must_parse();
    std::map<std::string, unsigned> times;
    for (const auto& metric : spec.metrics)
        if (metric.custom) ++times[metric.custom->what];
    for (const auto& function : trial.functions)
        EXPECT_EQ(times[function], 3u) << function;
}

TEST_F(TrialText, HasOnlyMetricsOfItsArchitecture) {
    trial.arch = "arm64";
    for (const auto& metric : must_parse().metrics)
        EXPECT_NE(metric.name, "tlb_flushes");
    trial.bounds = {{"tlb_flushes", 0.01}};
    EXPECT_FALSE(experiment_text(trial));
}

TEST_F(TrialText, BoundsAreExpectations) {
    trial.bounds = {*parse_not_worse("latency=1%"), *parse_not_worse("calls_need_update=0%")};
    const auto spec = must_parse();
    unsigned bounds = 0;
    for (const auto& metric : spec.metrics) {
        if (metric.kind != ExpectKind::NotWorse) continue;
        ++bounds;
        EXPECT_EQ(metric.within, metric.name == "target_latency" ? 0.01 : 0.0);
    }
    EXPECT_EQ(bounds, 2u);
    trial.bounds = {{"latency_of_nothing", 0.01}};
    const auto text = experiment_text(trial);
    ASSERT_FALSE(text);
    EXPECT_NE(text.error().message.find("no such metric, accepted: latency, duration, ipis, "),
              std::string::npos)
        << text.error().message;
}

TEST_F(TrialText, WhatTheSeriesAddsToKconfigIsOfThePatchedArm) {
    trial.patched_options = {{"FRESH", "y", "compiles mm/fresh.o"}};
    trial.config_differs = {"HAVE_FRESH"};
    auto spec = must_parse();
    EXPECT_TRUE(spec.arms[0].options.empty());
    EXPECT_EQ(spec.arms[1].options.at("FRESH"), "y");
    EXPECT_EQ(spec.arms[1].config_differs, std::vector<std::string>{"HAVE_FRESH"});
    EXPECT_FALSE(spec.kernel.options.contains("FRESH"));
    for (unsigned i = 0; i < 600; ++i) // more than the key takes
        trial.config_differs.push_back("OPTION_" + std::to_string(i));
    spec = must_parse();
    EXPECT_EQ(spec.arms[1].config_differs, std::vector<std::string>{"*"});
}

TEST_F(TrialText, AFaultIsOneFunctions) {
    trial.fault = "tlb_remove_table";
    const auto spec = must_parse();
    EXPECT_TRUE(spec.faults[0].enabled);
    EXPECT_EQ(spec.faults[0].function, "tlb_remove_table");
}

TEST(NotWorse, WantsAMetricAndPercent) {
    const auto one = parse_not_worse("total_ipis=2.5%");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->metric, "total_ipis");
    EXPECT_DOUBLE_EQ(one->within, 0.025);
    EXPECT_EQ(parse_not_worse("ipis=1%")->metric, "total_ipis");
    EXPECT_EQ(parse_not_worse("duration=1%")->metric, "call_latency");
    for (const char* wrong : {"", "=1%", "latency", "latency=1", "latency=%", "latency=x%",
                              "latency=-1%", "latency=1%%", "latency=nan%", "latency=9999%"}) {
        const auto bound = parse_not_worse(wrong);
        ASSERT_FALSE(bound) << wrong;
        EXPECT_NE(bound.error().message.find("want METRIC=PERCENT%"), std::string::npos);
    }
}

TEST(NotWorse, IsOfAMetricThatATrialCanHave) {
    const auto check = [](const char* text) {
        return check_bounds({*parse_not_worse(text)}, "x86_64");
    };
    for (const char* good : {"latency=1%", "duration=1%", "ipis=0%", "page_faults=0%",
                             "calls_pipe_read=1%", "latency_pipe_read=1%"})
        EXPECT_TRUE(check(good)) << good;
    for (const char* wrong : {"pipe_read=1%", "calls_=1%", "sync_ipis=1%"}) {
        const auto status = check(wrong);
        ASSERT_FALSE(status) << wrong;
        EXPECT_NE(status.error().message.find("no such metric, accepted: latency, duration, ipis"),
                  std::string::npos)
            << status.error().message;
    }
}

TEST_F(TrialText, ABoundNamesAFunctionAsTheKernelDoes) {
    trial.target = "Tlb_remove_table_sync_one_of_all";
    trial.functions = {"Another_function_with_a_long_name"};
    trial.bounds = {*parse_not_worse("latency_Tlb_remove_table_sync_one_of_all=1%"),
                    *parse_not_worse("instructions_Another_function_with_a_long_name=0%")};
    const auto spec = must_parse();
    std::size_t bounds = 0;
    for (const auto& metric : spec.metrics)
        bounds += metric.kind == ExpectKind::NotWorse;
    EXPECT_EQ(bounds, 2u);
}

TEST(BootsFor, IsTheLeastThatCanDecideAll) {
    EXPECT_EQ(boots_for(0), 6u);
    EXPECT_EQ(boots_for(1), 6u);
    EXPECT_EQ(boots_for(6), 8u);
    EXPECT_EQ(boots_for(7), 9u);
    EXPECT_EQ(boots_for(50), 11u);
    for (const std::size_t n : {2u, 6u, 13u, 48u}) {
        const auto boots = boots_for(n);
        EXPECT_LE(static_cast<double>(n) * std::pow(2.0, 1.0 - boots), 0.05);
        if (boots > 6) {
            EXPECT_GT(static_cast<double>(n) * std::pow(2.0, 2.0 - boots), 0.05);
        }
    }
}

TEST(SlugOf, IsAWordForFiles) {
    EXPECT_EQ(slug_of("mm/vmstat: skip idle CPUs"), "mm-vmstat-skip-idle-cpus");
    EXPECT_EQ(slug_of("  [x] "), "x");
    EXPECT_EQ(slug_of("äöü"), "patch");
    EXPECT_EQ(slug_of(""), "patch");
    EXPECT_EQ(slug_of("../../etc"), "etc");
    EXPECT_EQ(slug_of(std::string(500, 'a')).size(), 40u);
    EXPECT_EQ(slug_of("pipe: clear the flags of a released buffer"),
              "pipe-clear-the-flags-of-a-released");
}

} // namespace
} // namespace rig
