// SPDX-License-Identifier: GPL-2.0-or-later
// The Slurm engine against a real Slurm on this host: two nodes, their daemons started and ended
// here (tests/slurm).
#include "rig/plan/schedule.h"
#include "rig/results/run_store.h"
#include "tests/libvirtd.h"
#include "tests/rig_program.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

namespace rig {
namespace {

using namespace rig::testing; // the fixture

// Boots of each arm; RIG_SLURM_BOOTS makes it another number. From four on, boot 0 of both arms is
// made once more, on whatever node.
unsigned boots() {
    const char* text = std::getenv("RIG_SLURM_BOOTS");
    return text ? static_cast<unsigned>(std::stoul(text)) : 4;
}

std::vector<std::string> compare(const std::string& clock) {
    return {"compare", "configs/batch-alloc-fail.toml",
            "--boots", std::to_string(boots()),
            "--clock", clock};
}

class Slurm : public RigProgram {
 protected:
    static void SetUpTestSuite() { said_ = Libvirtd::shell(script("start", "2 1")); }
    static void TearDownTestSuite() { Libvirtd::shell(script("stop")); }
    void SetUp() override {
        RigProgram::SetUp();
        ASSERT_NE(said_.find("SLURM_CONF="), std::string::npos) << said_;
    }
    void TearDown() override {
        // A case that failed must not leave its jobs to the next one.
        if (HasFailure())
            fmt::print("{}\n", shell("squeue; sinfo; scancel --me; tail -n 20 " +
                                     cluster().string() + "/log/slurmctld"));
        RigProgram::TearDown();
    }
    static fs::path cluster() { return fs::path(RIG_E2E_DIR) / "cluster"; }
    static std::string script(const std::string& what, const std::string& rest = {}) {
        return fmt::format("{} {} {} {} 2>&1", (kTop / "tests/slurm").string(), what,
                           cluster().string(), rest);
    }
    static std::string shell(const std::string& line) {
        return Libvirtd::shell("export SLURM_CONF=" + (cluster() / "slurm.conf").string() + "; " +
                               line);
    }

    // rig with the cluster, `script` around it, which has "$@" in it.
    CommandResult on_slurm(const std::string& script = "\"$@\"", std::vector<std::string> more = {},
                           const std::string& clock = "virtual") {
        auto args = compare(clock);
        args.insert(args.end(), {"--engine", "slurm"});
        args.insert(args.end(), more.begin(), more.end());
        const auto set =
            fmt::format("export SLURM_CONF={}; dir={}; cluster={}; ",
                        (cluster() / "slurm.conf").string(), dir_.string(), cluster().string());
        return rig(args, kBuildLimit, {"bash", "-c", set + script, "bash"});
    }
    static std::string meanwhile(const std::string& until, const std::string& then) {
        return "set -m; \"$@\" & rig=$!; until " + until +
               "; do kill -0 $rig 2>/dev/null || break; sleep 0.1; done; " + then + "; wait $rig";
    }
    // Once there is a sample, and another boot is on its way on that node, or on any.
    static std::string booting(const std::string& node = {}) {
        return "{ grep -q . $dir/results/*/samples.jsonl && squeue -h -t RUNNING " +
               (node.empty() ? "" : "-w " + node + " ") +
               "-o %F_%K | grep -q '_[0-9]'; } 2>/dev/null";
    }

    // Of a run, in the order of the schedule, without what concerns the host.
    static std::vector<std::string> figures(const fs::path& dir) {
        const auto run = load_run(dir); // an error if a boot is there twice
        EXPECT_TRUE(run) << run.error().message;
        auto samples = run ? run->samples : std::vector<Sample>();
        std::sort(samples.begin(), samples.end(),
                  [](const Sample& a, const Sample& b) { return a.id.order < b.id.order; });
        std::vector<std::string> out;
        for (const auto& sample : samples)
            out.push_back(to_json(sample, false).dump());
        return out;
    }
    // What the local engine measures, once for all cases.
    const std::vector<std::string>& expected() {
        static std::vector<std::string> all;
        if (all.empty()) {
            const auto result = rig(compare("virtual"), kBuildLimit);
            EXPECT_EQ(exit_code(result), 0) << result.out;
            all = figures(runs().at(0));
            fs::remove_all(dir_ / "results");
        }
        return all;
    }
    static double restarts(const fs::path& dir) {
        double sum = 0;
        const auto run = load_run(dir);
        for (const auto& sample : run->samples)
            sum += sample.host.at("slurm_restarts");
        return sum;
    }
    void expect_nothing_left() {
        EXPECT_EQ(shell("squeue -h --states=PENDING,RUNNING,SUSPENDED"), "");
        EXPECT_EQ(shell("pgrep -af '[q]emu-system-x86_64.*" + dir_.string() + "/'"), "");
        EXPECT_TRUE(!fs::exists(dir_ / "results/.slurm") || fs::is_empty(dir_ / "results/.slurm"))
            << "the spool";
    }
    std::string faults() const {
        std::string text;
        for (const auto& entry : fs::recursive_directory_iterator(runs().at(0) / "boots"))
            if (entry.path().filename().string().starts_with("fault-"))
                text += entry.path().filename().string() + ": " + slurp(entry.path());
        return text;
    }

    static inline std::string said_;
};

TEST_F(Slurm, GivesTheSamplesOfTheLocalEngineByteForByte) {
    ASSERT_EQ(expected().size(), 2 * boots());
    const auto result = on_slurm();
    EXPECT_EQ(exit_code(result), 0) << result.out; // exposure proven, replays the same
    ASSERT_EQ(runs().size(), 1u);
    EXPECT_EQ(figures(runs()[0]), expected());
    EXPECT_EQ(load_run(runs()[0])->info.replays.size(), boots() < kReplayedFrom ? 0u : 2u);
    EXPECT_EQ(restarts(runs()[0]), 0);
    // The nodes counted the changed lines too, and their counts came with the samples.
    EXPECT_TRUE(
        std::regex_search(result.out, std::regex("mm/mmu_gather.c:307 +80 +80  synchronize_rcu")))
        << result.out;
    std::set<std::string> nodes;
    for (const auto& entry : fs::recursive_directory_iterator(runs()[0] / "boots"))
        if (entry.path().filename() == "slurm.json")
            nodes.insert(nlohmann::json::parse(slurp(entry.path())).at("node"));
    EXPECT_EQ(nodes, (std::set<std::string>{"n1", "n2"})) << "both took part";
    expect_nothing_left();
}

TEST_F(Slurm, ANodeThatIsKilledLosesNothingAndDoublesNothing) {
    const auto& undisturbed = expected();
    const auto result = on_slurm(meanwhile(
        booting("n2"), (kTop / "tests/slurm").string() + " node-kill $cluster n2 && echo killed"));
    EXPECT_NE(result.out.find("killed"), std::string::npos) << result.out;
    EXPECT_EQ(exit_code(result), 0) << result.out;
    ASSERT_EQ(runs().size(), 1u);
    EXPECT_EQ(figures(runs()[0]), undisturbed);
    EXPECT_GE(restarts(runs()[0]), 1)
        << "what ran there was made again by Slurm, which is on record";
    expect_nothing_left();
    shell(script("node-start", "n2"));
}

TEST_F(Slurm, AnInterruptionCancelsAllAndTheSameCommandGoesOn) {
    const auto& undisturbed = expected();
    const auto result = on_slurm(meanwhile(booting(), "kill -INT $rig"));
    EXPECT_EQ(exit_code(result), 3) << result.out;
    EXPECT_NE(result.out.find("interrupted after "), std::string::npos) << result.out;
    expect_nothing_left();
    ASSERT_EQ(runs().size(), 1u);
    const auto made = figures(runs()[0]).size();
    EXPECT_GT(made, 0u);
    EXPECT_LT(made, undisturbed.size());
    const auto again = on_slurm();
    EXPECT_EQ(exit_code(again), 0) << again.out;
    ASSERT_EQ(runs().size(), 1u) << "the same run";
    EXPECT_EQ(load_run(runs()[0])->info.resumed, 1u);
    EXPECT_EQ(figures(runs()[0]), undisturbed);
    expect_nothing_left();
}

TEST_F(Slurm, ARigThatIsKilledIsGoneOnWith) {
    const auto& undisturbed = expected();
    const auto result = on_slurm(meanwhile(booting(), "kill -KILL $rig"));
    EXPECT_NE(exit_code(result), 0);
    EXPECT_NE(shell("squeue -h"), "") << "the control: its jobs go on";
    const auto again = on_slurm();
    EXPECT_EQ(exit_code(again), 0) << again.out;
    ASSERT_EQ(runs().size(), 1u) << "the same run";
    EXPECT_EQ(figures(runs()[0]), undisturbed);
    expect_nothing_left();
}

// A QEMU that tells its version, and then fails: each task through no fault of a kernel.
TEST_F(Slurm, ABootThatFailsThroughTheHostEachTimeIsAHostFault) {
    const auto broken = [](const std::string& what) {
        return "mkdir -p $dir/bin; printf '%s\\n' '#!/bin/bash' 'case $1 in --version) exec "
               "/usr/bin/qemu-system-x86_64 --version;; esac' '" +
               what +
               "' > $dir/bin/qemu-system-x86_64; chmod +x $dir/bin/qemu-system-x86_64; "
               "PATH=$dir/bin:$PATH \"$@\"";
    };
    const auto result = on_slurm(broken("echo broken on purpose >&2; exit 1"));
    EXPECT_EQ(exit_code(result), 3) << result.out;
    EXPECT_NE(result.out.find("host fault: arm '"), std::string::npos) << result.out;
    EXPECT_NE(faults().find("fault-2.txt: host: hypervisor-exit: "), std::string::npos) << faults();
    EXPECT_EQ(faults().find("fault-3.txt"), std::string::npos) << faults();
    ASSERT_EQ(runs().size(), 1u);
    EXPECT_TRUE(load_run(runs()[0])->info.ended.empty())
        << "no verdict: the same command goes on when the host is mended";
    expect_nothing_left();
    fs::remove_all(dir_ / "results");

    // One that takes rig's own task with it: no result at all.
    const auto lost = on_slurm(broken("kill -KILL $PPID; sleep 10"));
    EXPECT_EQ(exit_code(lost), 3) << lost.out;
    EXPECT_NE(faults().find("host: task-lost: Slurm's task "), std::string::npos) << faults();
    EXPECT_NE(faults().find("FAILED"), std::string::npos) << faults();
    expect_nothing_left();
}

TEST_F(Slurm, WhatItCannotDoIsRefusedAtOnce) {
    const auto wall = on_slurm("\"$@\"", {}, "wall");
    const auto partition = on_slurm("\"$@\"", {"--slurm-partition", "nope"});
    for (const auto& [result, says] : {std::pair{wall, "accepted: \"virtual\" or \"auto\""},
                                       {partition, "invalid partition specified: nope"}}) {
        EXPECT_EQ(exit_code(result), 2) << result.out;
        EXPECT_NE(result.out.find(says), std::string::npos) << result.out;
    }
    expect_nothing_left();
}

} // namespace
} // namespace rig
