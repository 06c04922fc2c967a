// SPDX-License-Identifier: GPL-2.0-or-later
// Tests of the loop over boots with fake dependencies: prebuilt "kernels", and a hypervisor that
// replays captured boots.
#include "rig/experiment/experiment.h"

#include "guest/protocol/protocol.h"
#include "rig/base/files.h"
#include "rig/experiment/boot_loop.h"
#include "rig/experiment/engine.h"
#include "rig/experiment/prepare.h"
#include "rig/html/report_html.h"
#include "rig/html/web_assets.h"
#include "rig/results/run_store.h"
#include "rig/run_index/index.h"
#include "rig/testing/experiment_fixture.h"

#include <atomic>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <unistd.h>

namespace rig {
namespace {

using namespace rig::testing; // the fixture

TEST_F(ExperimentLoop, AnArmsOwnCommandLineIsItsOwn) {
    auto text = slurp(dir_ / "x.toml");
    text.insert(text.find("bzimage = \"bzImage-b\""), "cmdline = \"planted_delay_loops=7\"\n");
    put("x.toml", text);
    FakeHypervisor hypervisor({captured_boot_of("6.12-ipi")});
    ASSERT_TRUE(run(hypervisor, 1));
    ASSERT_EQ(hypervisor.requests.size(), 10u); // 8 boots, and boot 0 of each arm again
    for (const auto& request : hypervisor.requests)
        EXPECT_EQ(request.cmdline.find(" planted_delay_loops=7") != std::string::npos,
                  request.kernel.filename() == "bzImage-b")
            << request.cmdline;
}

TEST_F(ExperimentLoop, EveryPlannedBootBecomesOneSampleWhateverTheNumberOfWorkers) {
    for (const unsigned jobs : {1u, 4u}) {
        std::filesystem::remove_all(dir_ / "results");
        FakeHypervisor hypervisor({captured_boot_of("6.12-ipi")});
        const auto result = run(hypervisor, jobs);
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(result->report.comparison.exit, Exit::Pass) << result->report.comparison.closing;
        const auto kept = load_run(only_run());
        ASSERT_TRUE(kept) << kept.error().message;
        ASSERT_EQ(kept->samples.size(), 8u);
        std::set<std::pair<std::string, unsigned>> places;
        for (const auto& sample : kept->samples)
            places.insert({sample.id.arm, sample.id.index});
        EXPECT_EQ(places.size(), 8u);
        EXPECT_TRUE(std::filesystem::exists(only_run() / "report.txt"));
        const auto page = slurp(only_run() / "report.html");
        EXPECT_EQ(page.find("<span>" + result->report.comparison.closing + "</span>") !=
                      std::string::npos,
                  web_assets() != nullptr)
            << page.substr(0, 1000);
    }
}

TEST_F(ExperimentLoop, ProfileThatCannotBeMadeIsRefusedBeforeTheFirstBoot) {
    FakeHypervisor hypervisor({captured_boot_of("6.12-ipi")});
    profile = true;
    const auto refused = run(hypervisor, 1);
    ASSERT_FALSE(refused) << "its QEMU is of version 0.0";
    EXPECT_EQ(refused.error().fault_domain, FaultDomain::Spec);
    EXPECT_TRUE(refused.error().message.starts_with("--profile: ")) << refused.error().message;
    EXPECT_TRUE(hypervisor.requests.empty());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "results"));
    profile = false;
    EXPECT_TRUE(run(hypervisor, 1)) << "the control";
}

TEST_F(ExperimentLoop, ARunIsIndexedHoweverItEnds) {
    const auto good = captured_boot_of("6.12-ipi");
    FakeHypervisor failing({good, {"", "", Signalled{9}, ""}});
    ASSERT_FALSE(run(failing, 1));
    ASSERT_EQ(indexed().size(), 1u);
    EXPECT_EQ(indexed()[0].state, "interrupted"); // not "running": its lock is free
    EXPECT_EQ(indexed()[0].samples, 1u);
    FakeHypervisor hypervisor({good});
    ASSERT_TRUE(run(hypervisor, 1));
    ASSERT_EQ(indexed().size(), 1u);
    EXPECT_EQ(indexed()[0].state, "ended");
    EXPECT_STREQ(indexed()[0].verdict(), "pass");
    FakeHypervisor panics(
        {{encode(FrameType::Hello, R"({"protocol":1,"release":"6","version":"v","cpus":4})"),
          "[ 1.0] Kernel panic - not syncing: x\n", Exited{0}, ""}});
    ASSERT_FALSE(run(panics, 1));
    ASSERT_EQ(indexed().size(), 2u);
    EXPECT_EQ(indexed()[0].state, "failed");
    EXPECT_STREQ(indexed()[0].verdict(), "fail");
}

TEST_F(ExperimentLoop, AnIndexThatCannotBeWrittenIsAWarning) {
    std::filesystem::create_directories(dir_ / "results");
    put("results/index.sqlite", std::string(4096, 'x'));
    FakeHypervisor hypervisor({captured_boot_of("6.12-ipi")});
    const auto result = run(hypervisor, 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->report.comparison.exit, Exit::Pass);
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("is not in the index"), std::string::npos) << warnings_[0];
    EXPECT_NE(warnings_[0].find("--rebuild"), std::string::npos) << warnings_[0];
}

TEST_F(ExperimentLoop, ARunKeepsToItsDiskBudget) {
    FakeHypervisor hypervisor({captured_boot_of("6.12-ipi")});
    const auto before =
        run(hypervisor, 1, {}, false, 9 * kUsualBoot); // 8 boots and 2 replays need ten
    ASSERT_FALSE(before);
    EXPECT_EQ(before.error().kind, "disk-full");
    EXPECT_TRUE(before.error().message.starts_with(
        "10 boots may leave 10 MiB, 0 MiB are there, and the run's budget is 9"))
        << before.error().message;
    EXPECT_TRUE(hypervisor.requests.empty());
    // Boots that leave more than usual: an interrupt log of 2 MiB each.
    auto large = captured_boot_of("6.12-ipi");
    const std::string piece(1 << 19, 'x');
    for (int i = 0; i < 4; ++i)
        large.sends.insert(large.sends.find(encode(FrameType::Result, "{}")),
                           guest::encode_artifact("counted-interrupts-before.txt", piece));
    FakeHypervisor wasteful({large});
    const auto during = run(wasteful, 1, {}, false, 11 * kUsualBoot);
    ASSERT_FALSE(during);
    EXPECT_EQ(during.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(during.error().message.find("its budget is 11 (--disk-budget-mib)"),
              std::string::npos)
        << during.error().message;
    EXPECT_EQ(wasteful.requests.size(), 5u);
    EXPECT_EQ(load_run(only_run())->samples.size(), 5u) << "nothing is lost";
    EXPECT_TRUE(run(hypervisor, 1)) << "and the run goes on with a larger budget";
}

TEST_F(ExperimentLoop, AHostFaultIsRetriedInItsPlaceAndNeverASample) {
    FakeHypervisor hypervisor(
        {{"", "", Signalled{9}, ""}, {"", "", Exited{1}, ""}, captured_boot_of("6.12-ipi")});
    const auto result = run(hypervisor, 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(hypervisor.requests.size(), 10u + 2u);
    EXPECT_EQ(hypervisor.requests[0].seed, hypervisor.requests[2].seed);
    const auto kept = load_run(only_run());
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->samples.size(), 8u);
    // The boots are kept, and with them the fault-N.txt of the failed attempts.
    EXPECT_TRUE(std::filesystem::exists(only_run() / "boots"));
}

TEST_F(ExperimentLoop, AHostThatKeepsFailingStopsTheRunWithItsOwnBlame) {
    FakeHypervisor hypervisor({{"", "", Signalled{9}, ""}});
    const auto result = run(hypervisor, 1);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(hypervisor.requests.size(), 1u + kHostRetries);
}

// The CPUs of the other host decide, not those of this host. No host CPU is reserved or pinned
// here.
TEST_F(ExperimentLoop, OnAnotherHostOnlyTheVirtualClockIsTaken) {
    FakeHypervisor hypervisor({captured_boot_of("6.12-ipi")});
    hypervisor.elsewhere = OtherHost{"qemu+ssh://lab/system", {0, 1, 2, 3, 4, 5, 6}, 64ull << 30};
    const auto clock = [this](const std::string& word) {
        put("x.toml", std::regex_replace(slurp(dir_ / "x.toml"), std::regex("clock = \"[a-z]+\""),
                                         "clock = \"" + word + "\""));
    };
    const auto result = run(hypervisor, 0);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->report.run.cpu_allocation.at_once, 7u);
    EXPECT_EQ(result->report.run.cpu_allocation.cpus, std::vector<std::string>{"0-6"});
    clock("auto");
    const auto chosen = run(hypervisor, 1);
    ASSERT_TRUE(chosen) << chosen.error().message;
    EXPECT_EQ(chosen->report.run.clock, "virtual");
    EXPECT_NE(chosen->report.run.clock_why.find("qemu+ssh://lab/system"), std::string::npos);
    clock("wall");
    const auto wall = run(hypervisor, 1);
    ASSERT_FALSE(wall);
    EXPECT_EQ(wall.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(wall.error().message.find("--connect qemu+ssh://lab/system is another host"),
              std::string::npos)
        << wall.error().message;
    clock("virtual");
    hypervisor.elsewhere->memory = 1 << 20;
    const auto full = run(hypervisor, 1);
    ASSERT_FALSE(full);
    EXPECT_NE(full.error().message.find("what qemu+ssh://lab/system says"), std::string::npos)
        << full.error().message;
}

TEST_F(ExperimentLoop, TheSameCommandGoesOnWithWhatTheHostInterrupted) {
    const auto good = captured_boot_of("6.12-ipi");
    FakeHypervisor failing({good, good, good, {"", "", Signalled{9}, ""}});
    ASSERT_FALSE(run(failing, 1));
    const auto before = slurp(only_run() / "samples.jsonl");
    const auto dir = only_run() / "boots" / "0003-a-1"; // the boot that failed
    EXPECT_TRUE(std::filesystem::exists(dir / "fault-0.txt"));
    std::ofstream(only_run() / "report.txt.tmp-Ab3xYz") << "cut short";
    FakeHypervisor hypervisor({good});
    const auto result = run(hypervisor, 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(runs(), 1);
    EXPECT_EQ(result->report.comparison.exit, Exit::Pass) << result->report.comparison.closing;
    EXPECT_EQ(hypervisor.requests.size(), 5u + 2u) << "what it lacked, and the replays";
    const auto kept = load_run(only_run());
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_EQ(kept->samples.size(), 8u);
    EXPECT_EQ(kept->info.resumed, 1u);
    EXPECT_TRUE(slurp(only_run() / "samples.jsonl").starts_with(before))
        << "what was there is left as it was";
    EXPECT_FALSE(std::filesystem::exists(dir / "fault-0.txt")) << "of the boot before";
    EXPECT_TRUE(std::filesystem::exists(dir.string() + ".cut-short-1/fault-0.txt"))
        << "which is kept";
    EXPECT_FALSE(std::filesystem::exists(only_run() / "report.txt.tmp-Ab3xYz"));
    // A run that has ended is not resumed.
    ASSERT_TRUE(run(hypervisor, 1));
    EXPECT_EQ(runs(), 2);
}

TEST_F(ExperimentLoop, WhatIsNotTheSameRunIsLeftAlone) {
    const auto good = captured_boot_of("6.12-ipi");
    const auto interrupt = [&](bool fresh) {
        FakeHypervisor failing({good, {"", "", Signalled{9}, ""}});
        EXPECT_FALSE(run(failing, 1, {}, fresh));
    };
    interrupt(false);
    interrupt(true);
    EXPECT_EQ(runs(), 2) << "--fresh";
    put("bzImage-b", "kernel b, built anew");
    interrupt(false);
    EXPECT_EQ(runs(), 3) << "another image";
    put("agent", "another agent");
    interrupt(false);
    EXPECT_EQ(runs(), 4) << "another agent";
    put("x.toml", slurp(dir_ / "x.toml") + "# other words\n");
    interrupt(false);
    EXPECT_EQ(runs(), 5) << "another experiment";
    FakeHypervisor hypervisor({good});
    EXPECT_TRUE(run(hypervisor, 1));
    EXPECT_EQ(runs(), 5);
}

// rig must not repeat a run until its kernel does not panic.
TEST_F(ExperimentLoop, ARunThatTheKernelEndedIsOver) {
    const auto good = captured_boot_of("6.12-ipi");
    FakeHypervisor panics(
        {good,
         {encode(FrameType::Hello, R"({"protocol":1,"release":"6","version":"v","cpus":4})"),
          "[ 1.0] Kernel panic - not syncing: x\n", Exited{0}, ""}});
    ASSERT_FALSE(run(panics, 1));
    const auto ended = load_run(only_run());
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_FALSE(ended->info.ended.empty());
    EXPECT_NE(ended->info.failure.find("kernel: panic: arm 'b', boot 0: kernel panic"),
              std::string::npos)
        << ended->info.failure;
    FakeHypervisor hypervisor({good});
    ASSERT_TRUE(run(hypervisor, 1));
    EXPECT_EQ(runs(), 2);
    EXPECT_EQ(hypervisor.requests.size(), 10u);
}

const std::string kSleepInAtomic =
    "[ 1.0][ T44] BUG: sleeping function called from invalid context at mm/x.c:1\n[ 1.0][ T44] "
    "Call Trace:\n[ 1.0][ T44]  __might_resched+0x1/0x2\n"
    "[ 1.0][ T44]  broken_helper+0x1/0x2\n[ 1.0][ T44]  </TASK>\n";

// After a splat, neither an interrupt nor a host fault makes rig repeat the boot.
TEST_F(ExperimentLoop, AComplaintBeforeTheHostFailedIsNotMadeAgain) {
    for (const decltype(GuestEnd::outcome)& end :
         {decltype(GuestEnd::outcome){Signalled{9}}, {Cancelled{}}}) {
        std::filesystem::remove_all(dir_ / "results");
        FakeHypervisor hypervisor(
            {{encode(FrameType::Hello, R"({"protocol":1,"release":"6","version":"v","cpus":4})"),
              kSleepInAtomic, end, ""}});
        const auto result = run(hypervisor, 1);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().fault_domain, FaultDomain::Kernel);
        EXPECT_EQ(result.error().kind, "splat");
        EXPECT_NE(result.error().message.find("kernel splat: BUG: sleeping function called from "
                                              "invalid context, in broken_helper (no log of the "
                                              "kernel's arrived, and a console does not tell"),
                  std::string::npos)
            << result.error().message;
        EXPECT_EQ(hypervisor.requests.size(), 1u);
        EXPECT_FALSE(load_run(only_run())->info.ended.empty());
    }
}

TEST_F(ExperimentLoop, ASecondRigOnTheSameRunIsRefusedWithTheOwnersPid) {
    const auto good = captured_boot_of("6.12-ipi");
    FakeHypervisor failing({good, {"", "", Signalled{9}, ""}});
    ASSERT_FALSE(run(failing, 1));
    const auto owner = RunWriter::resume(only_run());
    ASSERT_TRUE(owner) << owner.error().message;
    FakeHypervisor hypervisor({good});
    const auto second = run(hypervisor, 1);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(second.error().message.find(
                  fmt::format("another rig (pid {}) is writing this run", ::getpid())),
              std::string::npos)
        << second.error().message;
    EXPECT_TRUE(hypervisor.requests.empty());
}

TEST_F(ExperimentLoop, AKernelFaultIsNeverRetried) {
    FakeHypervisor hypervisor(
        {{encode(FrameType::Hello, R"({"protocol":1,"release":"6","version":"v","cpus":4})"),
          "[ 1.0] Kernel panic - not syncing: x\n", Exited{0}, ""}});
    const auto result = run(hypervisor, 1);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Kernel);
    EXPECT_EQ(hypervisor.requests.size(), 1u);
    EXPECT_NE(result.error().message.find("arm 'a', boot 0"), std::string::npos);
}

// One splat in one boot fails the run, whatever the figures are, and the report names it.
TEST_F(ExperimentLoop, ASplatInABootThatCompletesBreaksTheComparison) {
    auto splatting = captured_boot_of("6.12-ipi");
    splatting.console = kSleepInAtomic;
    FakeHypervisor hypervisor(
        {captured_boot_of("6.12-ipi"), splatting, captured_boot_of("6.12-ipi")});
    const auto result = run(hypervisor, 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->report.comparison.exit, Exit::Fail);
    EXPECT_EQ(result->report.comparison.closing,
              "FAIL: kernel splat in b: BUG: sleeping function called from invalid context");
    const auto page = slurp(only_run() / "report.txt");
    EXPECT_NE(page.find("BUG: sleeping function called from invalid context, in broken_helper"),
              std::string::npos)
        << page;
    EXPECT_NE(slurp(only_run() / "boots/0001-b-0/splats.txt").find("broken_helper+0x1/0x2"),
              std::string::npos);
    // A report from the raw samples alone is the same.
    const auto kept = load_run(only_run());
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->samples.at(1).splats.at(0).function, "broken_helper");
}

TEST_F(ExperimentLoop, AnArmBrokenOnPurposeMustSplatInEveryBoot) {
    put("x.toml",
        slurp(dir_ / "x.toml")
            .replace(slurp(dir_ / "x.toml").rfind("marker"), 0, "splat = \"broken_helper\"\n"));
    auto splatting = captured_boot_of("6.12-ipi"), clean = splatting;
    splatting.console = kSleepInAtomic;
    // Arms in the order a b b a, twice. Then the first boot of each again.
    FakeHypervisor as_declared(
        {clean, splatting, splatting, clean, clean, splatting, splatting, clean, clean, splatting});
    auto result = run(as_declared, 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->report.comparison.exit, Exit::Pass) << result->report.comparison.closing;
    EXPECT_NE(
        slurp(only_run() / "report.txt").find("as declared: \"broken_helper\" in 4 of 4 boots"),
        std::string::npos);
    std::filesystem::remove_all(dir_ / "results");
    FakeHypervisor silent_once(
        {clean, splatting, splatting, clean, clean, splatting, clean, clean, clean, splatting});
    result = run(silent_once, 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->report.comparison.exit, Exit::Fail);
    EXPECT_EQ(result->report.comparison.closing,
              "FAIL: the control did not fail in 1 of 4 boots of b");
}

TEST_F(ExperimentLoop, AReplayThatDiffersIsInconclusiveAndNoSample) {
    auto splatting = captured_boot_of("6.12-ipi"), clean = splatting;
    splatting.console = kSleepInAtomic;
    FakeHypervisor hypervisor(
        {clean, clean, clean, clean, clean, clean, clean, clean, clean, splatting});
    const auto result = run(hypervisor, 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->report.comparison.exit, Exit::Inconclusive);
    EXPECT_EQ(result->report.comparison.closing, "INCONCLUSIVE: validity check replay failed in b");
    const auto kept = load_run(only_run());
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->samples.size(), 8u);
    ASSERT_EQ(kept->info.replays.size(), 2u);
    EXPECT_EQ(kept->info.replays[0].difference, "");
    EXPECT_EQ(kept->info.replays[1].difference, "/splats/-");
}

TEST_F(ExperimentLoop, SamplesThatDoNotAddUpAreInconclusive) {
    FakeHypervisor hypervisor({captured_boot_of("6.12-ipi-no-stack-filter")});
    const auto result = run(hypervisor, 2);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->report.comparison.exit, Exit::Inconclusive);
}

TEST_F(ExperimentLoop, AFunctionThatIsNotInTheImageIsInconclusiveWithoutABoot) {
    put("System.map", "ffffffff810e3eb0 T smp_call_function\nffffffff8116e390 t "
                      "tlb_remove_table_smp_sync\nffffffff8116eaf0 T x\n");
    FakeHypervisor hypervisor({captured_boot_of("6.12-ipi")});
    const auto result = run(hypervisor, 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->report.comparison.exit, Exit::Inconclusive);
    EXPECT_EQ(hypervisor.requests.size(), 0u);
}

// Builds as rig itself does, from a git tree with edits.
class EditedTree : public Engine {
 public:
    Result<Prepared> prepare(const Spec& spec, const Environment& environment,
                             std::stop_token) override {
        auto prepared = rig::prepare(spec, spec.arms, environment);
        for (auto& [arm, kernel] : prepared->kernels)
            kernel.source_warning = "linux: 1 file is changed but not committed";
        return prepared;
    }
    ChosenMachine automatic() const override { return {}; }
    Status boot(const std::vector<const PlannedBoot*>&, const RunInfo&, const OnResult&,
                const Environment&, std::stop_token) override {
        return {};
    }
};

TEST_F(ExperimentLoop, WhatWasNotCommittedIsInEveryFormOfTheReport) {
    put("System.map", "ffffffff810e3eb0 T smp_call_function\nffffffff8116e390 t "
                      "tlb_remove_table_smp_sync\nffffffff8116eaf0 T x\n");
    EditedTree edited;
    engine = &edited;
    FakeHypervisor hypervisor({});
    const auto result = run(hypervisor, 1);
    ASSERT_TRUE(result) << result.error().message;
    const std::string warning = "linux: 1 file is changed but not committed";
    EXPECT_EQ(std::count(result->report.warnings.begin(), result->report.warnings.end(), warning),
              1)
        << "once for all arms";
    for (const char* file : {"report.txt", "report.json", "run.json"})
        EXPECT_NE(slurp(only_run() / file).find(warning), std::string::npos) << file;
    const auto kept = load_run(only_run());
    ASSERT_TRUE(kept);
    const auto spec = load_spec(dir_ / "x.toml");
    const auto again = assemble(*spec, kept->info, kept->samples, {}, "x");
    EXPECT_NE(std::find(again.warnings.begin(), again.warnings.end(), warning),
              again.warnings.end())
        << "rig report says it as well";
    EXPECT_NE(render_html(again, kept->samples, {}, WebAssets{}).find(warning), std::string::npos);
}

TEST_F(ExperimentLoop, InterruptedRunsKeepWhatTheyHave) {
    FakeHypervisor hypervisor({captured_boot_of("6.12-ipi")});
    std::stop_source stop;
    stop.request_stop();
    const auto result = run(hypervisor, 2, stop.get_token());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(result.error().message.find("interrupted after 0 of 10 boots"), std::string::npos)
        << result.error().message;
    EXPECT_TRUE(load_run(only_run()));
}

} // namespace
} // namespace rig
