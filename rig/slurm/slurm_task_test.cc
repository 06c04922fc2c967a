// SPDX-License-Identifier: GPL-2.0-or-later
// Tests of single tasks: what makes a task leave no result. slurm_engine_test.cc tests their
// ordinary work.
#include "rig/base/version.h"
#include "rig/slurm/slurm_task.h"

#include "rig/cli/engine_option.h"
#include "rig/experiment/environment.h"
#include "rig/slurm/slurm_spool.h"
#include "rig/spec/spec_parser.h"
#include "rig/testing/experiment_fixture.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::testing; // the fixture

class SlurmTasks : public ExperimentLoop {
 protected:
    void SetUp() override {
        ExperimentLoop::SetUp();
        ::setenv("TMPDIR", dir_.c_str(), 1);
        cache_.emplace(dir_ / "cache");
        plan_ = slurm_plan(load_spec(dir_ / "x.toml").value(), own_sha256().value());
        spool_ = {dir_ / "spool"};
        for (const auto& folder : {spool_.dir / "lists", spool_.making(), spool_.done()})
            std::filesystem::create_directories(folder);
        write_plan();
        std::ofstream(spool_.list(0)) << "3\n900\n";
    }
    void TearDown() override {
        ::unsetenv("TMPDIR");
        ExperimentLoop::TearDown();
    }
    void write_plan() { std::ofstream(spool_.plan()) << to_json(plan_).dump(); }
    Environment environment() { return {*cache_, perf_, hypervisor_, Progress::silent()}; }
    Result<std::string> boot(unsigned index, std::stop_token stop = {}) {
        return boot_task_command({spool_.dir, 0, index}, environment(), stop);
    }

    std::optional<ArtifactCache> cache_;
    PerfRunner perf_;
    FakeHypervisor hypervisor_{{captured_boot_of("6.12-ipi")}};
    SlurmPlan plan_;
    SlurmSpool spool_;
};

TEST_F(SlurmTasks, ABootLeavesItsResultAndItsEvidence) {
    ASSERT_TRUE(build_task_command({spool_.dir, 0, {}}, environment(), {}));
    const auto said = boot(0);
    ASSERT_TRUE(said) << said.error().message;
    EXPECT_EQ(done_boots(spool_), std::vector<unsigned>{3});
    EXPECT_TRUE(std::filesystem::exists(spool_.done(3) / "console.log"));
    EXPECT_TRUE(std::filesystem::is_empty(spool_.making()));
    const auto first = slurp(spool_.done(3) / kResultFile);
    // A second attempt does not replace the first result.
    ASSERT_TRUE(boot(0));
    EXPECT_EQ(slurp(spool_.done(3) / kResultFile), first);
    EXPECT_EQ(hypervisor_.requests.size(), 2u);
}

TEST_F(SlurmTasks, AnotherRigMakesNothing) {
    plan_.run.program = std::string(64, '0');
    write_plan();
    const auto built = build_task_command({spool_.dir, 0, {}}, environment(), {});
    ASSERT_FALSE(built);
    EXPECT_NE(built.error().message.find("want the same file on all nodes"), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(spool_.build_error()));
    EXPECT_FALSE(std::filesystem::exists(spool_.prepared()));
    ASSERT_FALSE(boot(0));
    EXPECT_TRUE(done_boots(spool_).empty());
}

TEST_F(SlurmTasks, AKernelThatIsAnotherFileIsTheHostsFault) {
    ASSERT_TRUE(build_task_command({spool_.dir, 0, {}}, environment(), {}));
    put("bzImage-a", "of another cache"), put("bzImage-b", "of another cache");
    ASSERT_TRUE(boot(0));
    const auto result = load_slurm_result(spool_.done(3) / kResultFile);
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_FALSE(result->sample);
    EXPECT_EQ(result->sample.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result->sample.error().message.find("is another file"), std::string::npos)
        << result->sample.error().message;
    EXPECT_TRUE(hypervisor_.requests.empty());
}

TEST_F(SlurmTasks, ATaskThatIsStoppedLeavesNoResult) {
    ASSERT_TRUE(build_task_command({spool_.dir, 0, {}}, environment(), {}));
    std::stop_source stop;
    stop.request_stop();
    ASSERT_FALSE(boot(0, stop.get_token()));
    EXPECT_TRUE(done_boots(spool_).empty());
}

TEST_F(SlurmTasks, WhatIsNotInTheSpoolIsNamed) {
    const auto early = boot(0);
    ASSERT_FALSE(early) << "nothing is built";
    EXPECT_NE(early.error().message.find("prepared.json"), std::string::npos);
    ASSERT_TRUE(build_task_command({spool_.dir, 0, {}}, environment(), {}));
    EXPECT_NE(boot(1).error().message.find("boot 900, want less than 10"), std::string::npos);
    EXPECT_NE(boot(2).error().message.find("lists/0:3: no such line"), std::string::npos);
    ::unsetenv("SLURM_ARRAY_TASK_ID");
    const auto by_hand = boot_task_command({spool_.dir, 0, {}}, environment(), {});
    ASSERT_FALSE(by_hand);
    EXPECT_EQ(by_hand.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(by_hand.error().message.find("$SLURM_ARRAY_TASK_ID"), std::string::npos);
}

TEST_F(SlurmTasks, TheCommandLineChoosesAnEngine) {
    const CommonOptions common;
    const auto choose = [&](const EngineOptions& line, bool libvirt = false) {
        return choose_engine(line, {}, common, dir_ / "cache", libvirt, perf_);
    };
    EXPECT_EQ(choose({}).value(), nullptr);
    EXPECT_NE(choose({"slurm", "fast", "--qos=low"}).value(), nullptr);
    for (const auto& [line, libvirt] :
         std::vector<std::pair<EngineOptions, bool>>{{{"local", "fast", ""}, false},
                                                     {{"local", "", "--qos=low"}, false},
                                                     {{"slurm", "", "--array=1"}, false},
                                                     {{"slurm", "", ""}, true}}) {
        const auto chosen = choose(line, libvirt);
        ASSERT_FALSE(chosen);
        EXPECT_EQ(chosen.error().fault_domain, FaultDomain::Spec);
    }
}

} // namespace
} // namespace rig
