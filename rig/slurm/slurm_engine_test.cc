// SPDX-License-Identifier: GPL-2.0-or-later
// Tests of the engine, its tasks and the experiment loop together, on a fake Slurm that runs the
// tasks in this process with captured boots.
#include "rig/slurm/slurm_engine.h"

#include "rig/base/files.h"
#include "rig/experiment/environment.h"
#include "rig/testing/experiment_fixture.h"
#include "rig/testing/fake_slurm.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::testing; // the fixture
namespace fs = std::filesystem;

class SlurmLoop : public ExperimentLoop {
 protected:
    void SetUp() override {
        ExperimentLoop::SetUp();
        cache_.emplace(dir_ / "cache");
        nodes_.emplace(std::vector{captured_boot_of("6.12-ipi")});
        slurm_.emplace(Environment{*cache_, perf_, *nodes_, Progress::silent()});
        begin();
    }
    void TearDown() override {
        engine_.reset();
        ExperimentLoop::TearDown();
    }
    // Makes an engine as a newly started rig would.
    void begin(bool fresh = false) {
        engine_.reset();
        SlurmOptions options{{},
                             dir_ / "results",
                             {"rig", "build-task"},
                             {"rig", "boot-task"},
                             fresh,
                             [this](const std::string& text) { warnings_.push_back(text); }};
        engine_.emplace(options, SlurmClient(slurm_->runner, slurm_->pause()));
        engine = &*engine_;
    }
    Result<ExperimentResult> compare(std::stop_token stop = {}, bool fresh = false) {
        return run(here_, 1, stop, fresh);
    }
    // Samples of the only run, in the order of the schedule, without the figures of the host.
    std::vector<std::string> figures() const {
        auto samples = load_run(only_run()).value().samples;
        std::sort(samples.begin(), samples.end(),
                  [](const Sample& a, const Sample& b) { return a.id.order < b.id.order; });
        std::vector<std::string> out;
        for (const auto& sample : samples)
            out.push_back(to_json(sample, false).dump());
        return out;
    }
    std::vector<std::string> local() {
        engine = nullptr;
        FakeHypervisor hypervisor({captured_boot_of("6.12-ipi")});
        EXPECT_TRUE(run(hypervisor, 1));
        const auto all = figures();
        fs::remove_all(dir_ / "results");
        engine = &*engine_;
        return all;
    }
    bool spool_left() const {
        return fs::exists(dir_ / "results/.slurm") && !fs::is_empty(dir_ / "results/.slurm");
    }
    std::string faults() const {
        std::string text;
        for (const auto& entry : fs::recursive_directory_iterator(only_run() / "boots"))
            if (entry.path().filename().string().starts_with("fault-")) text += slurp(entry.path());
        return text;
    }

    PerfRunner perf_;
    FakeHypervisor here_{{}}; // hypervisor of the collecting host, which boots nothing
    std::optional<ArtifactCache> cache_;
    std::optional<FakeHypervisor> nodes_;
    std::optional<FakeSlurm> slurm_;
    std::optional<SlurmEngine> engine_;
};

TEST_F(SlurmLoop, GivesTheSamplesOfTheLocalEngine) {
    const auto expected = local();
    const auto result = compare();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->report.comparison.exit, Exit::Pass) << result->report.comparison.closing;
    EXPECT_EQ(figures(), expected);
    EXPECT_EQ(expected.size(), 8u);
    EXPECT_EQ(result->report.run.replays.size(), 2u);
    EXPECT_TRUE(here_.requests.empty()) << "nothing boots where rig collects";
    EXPECT_EQ(nodes_->requests.size(), 10u);
    EXPECT_EQ(slurm_->arrays(), std::vector<std::string>{"0-9"})
        << "all at once, before anything was built";
    EXPECT_TRUE(slurm_->errors.empty()) << slurm_->errors[0];
    EXPECT_FALSE(spool_left());
    const auto kept = load_run(only_run());
    for (const auto& sample : kept->samples) {
        EXPECT_TRUE(
            fs::exists(only_run() / "boots" /
                       fmt::format("{:04}-{}-{}", sample.id.order, sample.id.arm, sample.id.index) /
                       "console.log"));
        EXPECT_EQ(sample.host.at("slurm_restarts"), 0);
    }
}

TEST_F(SlurmLoop, ArraysStayBelowTheControllersLimitAndTheUsers) {
    slurm_->max_array = 8;
    slurm_->max_jobs = 3; // the engine learns it from a refusal
    const auto result = compare();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(slurm_->arrays(),
              (std::vector<std::string>{"0-7", "0-3", "0-1", "0-1", "0-1", "0-1", "0-1"}));
    EXPECT_EQ(figures().size(), 8u);
}

TEST_F(SlurmLoop, ATaskThatLeftNoResultIsSubmittedAgain) {
    const auto expected = local();
    std::set<unsigned> struck;
    slurm_->instead = [&](const FakeSlurm::Task& task) {
        return task.index && *task.index % 3 == 0 && struck.insert(*task.index).second &&
               !task.build;
    };
    slurm_->accounted = "NODE_FAIL|0:9|n2\n";
    const auto result = compare();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(figures(), expected);
    EXPECT_GE(slurm_->arrays().size(), 2u);
    EXPECT_NE(faults().find("host: task-lost: Slurm's task "), std::string::npos) << faults();
    EXPECT_NE(faults().find("NODE_FAIL, exit 0:9 on n2"), std::string::npos) << faults();
}

// An attempt that is lost after its kernel splatted is not retried, neither by rig nor by Slurm: a
// clean retry would hide the splat.
TEST_F(SlurmLoop, AnAttemptThatIsLostAfterItsKernelComplainedIsTheKernels) {
    const char* console =
        "[    1.0][    T1] BUG: KASAN: use-after-free in tlb_remove_table_one+0x12/0x34\n";
    for (const char* said : {console, ""}) {
        bool struck = false;
        slurm_->instead = [&](const FakeSlurm::Task& task) {
            if (task.index != 2u || std::exchange(struck, true)) return false;
            fs::create_directories(fs::path(task.spool) / "making/2-x");
            return write_atomically(fs::path(task.spool) / "making/2-x/console.log", said)
                .has_value();
        };
        begin();
        const auto result = compare();
        EXPECT_TRUE(struck);
        EXPECT_EQ(result.has_value(), said != console)
            << "the control: one that had said nothing is made again";
        if (!result) {
            EXPECT_EQ(result.error().fault_domain, FaultDomain::Kernel) << result.error().message;
            EXPECT_NE(result.error().message.find("KASAN"), std::string::npos)
                << result.error().message;
        }
        fs::remove_all(dir_ / "results");
        slurm_->tasks.clear();
    }
}

// A task that Slurm requeues is COMPLETING while the node cleans up, which takes longer than a
// result needs to appear.
TEST_F(SlurmLoop, ATaskThatIsCompletingIsNotLost) {
    slurm_->on_pause = [&] {
        for (auto& task : slurm_->tasks)
            if (task.index == 2u) task.completing = slurm_->pauses < 40;
    };
    const auto result = compare();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(slurm_->arrays(), std::vector<std::string>{"0-9"}) << "nothing is submitted again";
    EXPECT_GE(slurm_->pauses, 40u);
}

TEST_F(SlurmLoop, ATaskThatNeverLeavesAResultIsAHostFaultAndNoVerdict) {
    slurm_->instead = [](const FakeSlurm::Task& task) {
        return task.index == 1u || (task.index && task.list > 0);
    };
    const auto result = compare();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(result.error().kind, "task-lost");
    EXPECT_EQ(slurm_->arrays(), (std::vector<std::string>{"0-9", "0-0", "0-0"}))
        << "as often as other faults of the host";
    EXPECT_TRUE(slurm_->tasks.empty());
    EXPECT_FALSE(spool_left());
    const auto kept = load_run(only_run());
    EXPECT_TRUE(kept->info.ended.empty()) << "the same command goes on";
    EXPECT_EQ(kept->samples.size(), 7u) << "the other boots are kept";
}

TEST_F(SlurmLoop, AHostFaultInATaskIsMadeAgainAndAKernelsEndsTheRun) {
    auto dead = captured_boot_of("6.12-ipi");
    dead.outcome = Signalled{9};
    dead.sends.clear();
    auto panic = dead;
    panic.outcome = Exited{0};
    panic.console = "[    1.0][    T1] Kernel panic - not syncing: sysrq triggered crash\n";
    nodes_.emplace(std::vector{dead, captured_boot_of("6.12-ipi"), captured_boot_of("6.12-ipi")});
    ASSERT_TRUE(compare());
    EXPECT_NE(faults().find("host: hypervisor-signal"), std::string::npos) << faults();
    fs::remove_all(dir_ / "results");

    nodes_.emplace(std::vector{captured_boot_of("6.12-ipi"), panic});
    begin();
    const auto result = compare();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Kernel) << result.error().message;
    EXPECT_FALSE(load_run(only_run())->info.ended.empty());
    EXPECT_TRUE(slurm_->tasks.empty()) << "the others were cancelled";
}

TEST_F(SlurmLoop, WhatComesTwiceIsCountedOnce) {
    // A task whose node was taken for lost finishes after all, before or after the boot was
    // retried.
    std::vector<FakeSlurm::Task> late;
    std::set<unsigned> struck;
    slurm_->instead = [&](const FakeSlurm::Task& task) {
        if (!task.index || task.list > 0 || *task.index > 2 || !struck.insert(*task.index).second)
            return false;
        late.push_back(task);
        return true;
    };
    slurm_->on_pause = [&] {
        if (slurm_->arrays().size() < 2) return; // wait until the lost tasks were submitted again
        for (const auto& task : std::exchange(late, {})) {
            slurm_->run(task);
            slurm_->run(task);
        }
    };
    const auto result = compare();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(late.empty());
    // load_run() refuses a run that contains a boot twice.
    EXPECT_EQ(load_run(only_run())->samples.size(), 8u);
    EXPECT_GT(slurm_->ran, 11u) << "some boots were made twice";
}

TEST_F(SlurmLoop, AnInterruptionCancelsKeepsAndIsGoneOnWith) {
    const auto expected = local();
    std::stop_source stop;
    slurm_->on_pause = [&] {
        if (slurm_->ran == 5) stop.request_stop();
    }; // the build and four boots
    const auto result = compare(stop.get_token());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result.error().message.find("interrupted after "), std::string::npos)
        << result.error().message;
    EXPECT_EQ(slurm_->cancelled, 1u);
    EXPECT_TRUE(slurm_->tasks.empty());
    EXPECT_FALSE(spool_left());
    const auto made = figures().size();
    EXPECT_GE(made, 4u);
    EXPECT_LT(made, 8u);

    slurm_->on_pause = nullptr;
    begin();
    ASSERT_TRUE(compare());
    EXPECT_EQ(figures(), expected);
    EXPECT_EQ(load_run(only_run())->info.resumed, 1u);
    EXPECT_EQ(slurm_->arrays().back(), fmt::format("0-{}", 10 - made - 1))
        << "only what is missing, and the replays";
}

TEST_F(SlurmLoop, ARigThatWasKilledLeavesItsResultsAndItsJobs) {
    const auto expected = local();
    struct Killed {};
    slurm_->on_pause = [&] {
        if (slurm_->ran == 6) throw Killed();
    };
    EXPECT_THROW(std::ignore = compare(), Killed);
    slurm_->on_pause = nullptr;
    // Restore what SIGKILL would have left. The exception above ran the destructor of the engine,
    // which cleans up more.
    const auto kept = slurm_->tasks;
    const auto copy = dir_ / "spool-kept";
    fs::copy(dir_ / "results/.slurm", copy, fs::copy_options::recursive);
    begin();
    fs::remove_all(dir_ / "results/.slurm");
    fs::copy(copy, dir_ / "results/.slurm", fs::copy_options::recursive);
    slurm_->tasks = kept;
    slurm_->cancelled = 0;
    ASSERT_FALSE(kept.empty());

    const auto before = slurm_->ran;
    const auto result = compare();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(slurm_->cancelled, 1u) << "what still ran";
    EXPECT_EQ(figures(), expected);
    EXPECT_LT(slurm_->ran - before, 11u) << "what was done is not made again";
    EXPECT_FALSE(spool_left());

    // Negative control: with --no-resume rig takes none of the results that are there.
    fs::remove_all(dir_ / "results");
    begin(true);
    fs::create_directories(dir_ / "results");
    fs::copy(copy, dir_ / "results/.slurm", fs::copy_options::recursive);
    const auto until_here = slurm_->ran;
    ASSERT_TRUE(compare({}, true));
    EXPECT_EQ(slurm_->ran - until_here, 11u) << "the build and ten boots";
}

TEST_F(SlurmLoop, AControllerThatIsAwayForAWhileIsWaitedFor) {
    slurm_->on_pause = [&] { slurm_->away = slurm_->pauses > 3 && slurm_->pauses < 60; };
    const auto result = compare();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(figures().size(), 8u);
    EXPECT_EQ(slurm_->arrays(), std::vector<std::string>{"0-9"}) << "nothing is taken for lost";
}

TEST_F(SlurmLoop, AControllerThatStaysAwayIsTheHostsFault) {
    slurm_->instead = [&](const FakeSlurm::Task& task) {
        return slurm_->away = task.index.has_value(), false;
    };
    slurm_->on_pause = [&] {
        if (slurm_->away) slurm_->tasks.clear();
    };
    const auto result = compare();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result.error().message.find("did not answer for 10 minutes"), std::string::npos)
        << result.error().message;
    ASSERT_FALSE(warnings_.empty());
    EXPECT_NE(warnings_[0].find("scancel --me --name=rig-"), std::string::npos)
        << "how to end what rig could not";
}

TEST_F(SlurmLoop, ATaskSomebodyCancelledIsNotMadeAgain) {
    slurm_->instead = [](const FakeSlurm::Task& task) { return task.index == 2u; };
    slurm_->accounted = "CANCELLED by 1000|0:0|n1\n";
    const auto result = compare();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result.error().message.find("cancelled by somebody else (CANCELLED by 1000"),
              std::string::npos)
        << result.error().message;
    EXPECT_EQ(slurm_->arrays().size(), 1u);
}

TEST_F(SlurmLoop, ABuildThatFailsHasItsOwnBlameAndNothingBoots) {
    fs::remove_all(dir_ / "cache/perf"); // experiments with prebuilt kernels take perf from there
    const auto result = compare();
    engine = nullptr;
    const auto here = compare();
    ASSERT_FALSE(result);
    ASSERT_FALSE(here);
    EXPECT_EQ(result.error().fault_domain, here.error().fault_domain);
    EXPECT_NE(result.error().message.find(here.error().message), std::string::npos)
        << result.error().message;
    EXPECT_TRUE(nodes_->requests.empty());
    EXPECT_TRUE(slurm_->tasks.empty()) << "what waited for it";
    EXPECT_EQ(runs(), 0);
}

TEST_F(SlurmLoop, ABuildWhoseNodeIsLostIsSubmittedAgainAndNotForever) {
    unsigned lost = 0;
    slurm_->instead = [&](const FakeSlurm::Task& task) { return task.build && lost++ < 1; };
    ASSERT_TRUE(compare());
    EXPECT_EQ(figures().size(), 8u);
    fs::remove_all(dir_ / "results");
    begin();
    slurm_->instead = [](const FakeSlurm::Task& task) { return task.build; };
    const auto result = compare();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result.error().message.find("ended 3 times without a result"), std::string::npos)
        << result.error().message;
}

TEST_F(SlurmLoop, TheWallClockIsRefusedBeforeAnythingIsSubmitted) {
    auto text = slurp(dir_ / "x.toml");
    text.replace(text.find("\"virtual\""), 9, "\"wall\"");
    put("x.toml", text);
    const auto result = compare();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(result.error().message.find("accepted: \"virtual\" or \"auto\""), std::string::npos)
        << result.error().message;
    EXPECT_TRUE(slurm_->runner.ran.empty());
    // "auto" means the virtual clock, with a reason.
    text.replace(text.find("\"wall\""), 6, "\"auto\"");
    put("x.toml", text);
    const auto automatic = compare();
    ASSERT_TRUE(automatic) << automatic.error().message;
    EXPECT_EQ(automatic->report.run.clock, "virtual");
    EXPECT_NE(automatic->report.run.clock_why.find("Slurm"), std::string::npos);
}

// FakeHypervisor reports one QEMU version on all nodes. Here one node has another version.
TEST_F(SlurmLoop, ANodeWithAnotherQemuMakesNoSample) {
    class Newer : public FakeHypervisor {
        using FakeHypervisor::FakeHypervisor;
        Result<std::string> version(const Arch&) override {
            return std::string("QEMU emulator version 99");
        }
    } newer({captured_boot_of("6.12-ipi")});
    FakeSlurm other(Environment{*cache_, perf_, newer, Progress::silent()});
    SlurmEngine with_other({{}, dir_ / "results", {"rig", "build-task"}, {"rig", "boot-task"}},
                           SlurmClient(other.runner, other.pause()));
    engine = &with_other;
    const auto result = compare();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result.error().message.find(
                  "is QEMU emulator version 99, of the run QEMU emulator version 0.0"),
              std::string::npos)
        << result.error().message;
    EXPECT_TRUE(load_run(only_run())->samples.empty());
}

} // namespace
} // namespace rig
