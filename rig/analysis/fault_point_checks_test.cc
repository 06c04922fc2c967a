// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/fault_point_checks.h"

#include "rig/testing/exercised_fixture.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

// The good run with faults at two points, whose failures need not lead to the target.
class FaultsApart : public ExercisedTest {
 protected:
    FaultsApart() {
        FaultSpec slabs;
        slabs.point = "failslab";
        slabs.function = "getname_flags";
        spec_.faults_listed = true;
        spec_.faults.push_back(slabs);
        for (auto* facts : {&baseline_, &facts_}) {
            facts->config["FAILSLAB"] = "y";
            for (const auto& function : spec_.fault_functions())
                facts->symbols[function] = function;
        }
        for (auto& sample : samples_) {
            sample.faults["fail_page_alloc"] = {80, 80, 80, 80, {{"tlb_remove_table", 80}}};
            sample.faults["failslab"] = {40, 40, 40, 40, {{"getname_flags", 40}}};
            sample.exercised.injections = sample.exercised.failed_allocations = 120;
            sample.exercised.timed_injections = 120;
            sample.injections_by_site["getname_flags"] = 40;
        }
    }
    FaultCounts& slabs(unsigned index) { return boot(index).faults.at("failslab"); }
};

TEST_F(FaultsApart, EachIsJudgedByItself) {
    expect_failing({}, 0);
    expect_failing({}, 1);
    EXPECT_EQ(check("injections").found,
              "fail_page_alloc 80 in each of 8 boots, failslab 40 in each of 8 boots");
    EXPECT_EQ(check("fault_options").found,
              "CONFIG_FAIL_PAGE_ALLOC=y; CONFIG_FAULT_INJECTION_STACKTRACE_FILTER=y; "
              "CONFIG_FAILSLAB=y");
}

TEST_F(FaultsApart, APointThatFailsNothingIsNamedWithTheReason) {
    slabs(1).injections = slabs(1).failed = slabs(1).below = 0;
    expect_failing({"injections"});
    EXPECT_EQ(check("injections").found, "boot 1: failslab: 0 injections, want > 0");
    EXPECT_NE(check("injections").reason.find("ignore-gfp-wait = true, the default"),
              std::string::npos);
    spec_.faults[1].values["ignore-gfp-wait"] = false;
    EXPECT_NE(check("injections").reason.find("no slab allocations below getname_flags()"),
              std::string::npos);
    spec_.faults[1].probability = 10;
    EXPECT_NE(check("injections").reason.find("probability = 10"), std::string::npos);
    spec_.faults[1].probability = 100;
    spec_.faults[1].space = 4096;
    EXPECT_NE(check("injections").reason.find("space = 4096"), std::string::npos);
    spec_.faults[1].times = 0;
    EXPECT_EQ(check("injections").reason, "failslab: times = 0 allows no injection");
}

TEST_F(FaultsApart, WhatPerfDidNotCountIsNoEvidence) {
    slabs(2).failed = slabs(2).below = 39;
    expect_failing({"faults_reconcile"});
    EXPECT_EQ(check("faults_reconcile").found,
              "boot 2: failslab: 40 injections, 39 failed calls, want both equal");
    EXPECT_EQ(check("faults_reconcile").reason,
              "the probe on should_failslab() missed some: the compiler may have inlined the "
              "function into some of its callers");
    slabs(2).failed = slabs(2).below = 0;
    EXPECT_NE(check("faults_reconcile").reason.find("the probe on should_failslab() never matched"),
              std::string::npos);
    slabs(2).failed = slabs(2).below = 39;
    spec_.faults[1].task_filter = false;
    EXPECT_NE(check("faults_reconcile").reason.find("task-filter = false"), std::string::npos);
    slabs(2).failed = slabs(2).below = 41;
    EXPECT_NE(check("faults_reconcile").reason.find("were not injected"), std::string::npos);
}

TEST_F(FaultsApart, AFailureElsewhereIsFound) {
    slabs(0).below = 38;
    expect_failing({"failure_sites"});
    EXPECT_EQ(check("failure_sites").found,
              "boot 0: failslab: 38 of 40 failed calls below getname_flags(), want all");
    spec_.faults[1].function.clear(); // then every site is meant
    expect_failing({});
}

TEST_F(FaultsApart, AKernelWithoutThePointIsNamed) {
    facts_.config["FAILSLAB"] = "n";
    expect_failing({"fault_options"});
    EXPECT_EQ(check("fault_options").found, "CONFIG_FAILSLAB=n, want y for failslab");
    EXPECT_NE(check("fault_options").reason.find("fault-points.config"), std::string::npos);
}

TEST_F(FaultsApart, ATaskFilterThatCannotMatchIsNamed) {
    FaultSpec function;
    function.point = "fail_function";
    function.values["inject"] = std::string("getname_flags");
    spec_.faults.push_back(function);
    for (auto* facts : {&baseline_, &facts_})
        facts->config["FAIL_FUNCTION"] = "y", facts->config["KPROBES_ON_FTRACE"] = "n";
    for (auto& sample : samples_)
        sample.faults["fail_function"] = {1, 1, 1, 1, {}};
    expect_failing({"fault_options"});
    EXPECT_NE(check("fault_options").reason.find("task-filter = false"), std::string::npos);
    spec_.faults.back().task_filter = false;
    expect_failing({});
}

TEST_F(FaultsApart, TheTargetMustRunHoweverOften) {
    for (auto& sample : samples_) {
        auto& e = sample.exercised;
        e.target_hits = e.marker_hits = e.marked_hits = e.timed_target_hits = 20;
    }
    const auto failing = [&] {
        std::vector<std::string> ids;
        for (const auto& one : checks())
            if (!one.passed &&
                (one.id == "faults_reconcile" || one.id == "timed_pass" || one.id == "target_hits"))
                ids.push_back(one.id);
        return ids;
    };
    EXPECT_EQ(failing(), std::vector<std::string>{});
    boot(3).exercised.target_hits = 0;
    EXPECT_EQ(failing(), std::vector<std::string>{"target_hits"});
}

} // namespace
} // namespace rig
