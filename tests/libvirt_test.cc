// SPDX-License-Identifier: GPL-2.0-or-later
// The libvirt adapter against a real libvirtd, started and stopped here: the same samples as direct
// QEMU, and nothing left behind.
#include "rig/host/artifact_cache.h"
#include "rig/results/run_store.h"
#include "tests/libvirtd.h"
#include "tests/rig_program.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::testing; // the fixture

class Libvirt : public RigProgram {
 protected:
    static void SetUpTestSuite() { daemon().start(); }
    static void TearDownTestSuite() { daemon().stop(); }
    static Libvirtd& daemon() {
        static Libvirtd one(fs::path(RIG_E2E_DIR) / "libvirtd");
        return one;
    }
    void SetUp() override {
        RigProgram::SetUp();
        ASSERT_FALSE(daemon().uri().empty()) << daemon().words();
    }
    static std::vector<std::string> compare(const std::string& connect) {
        return {"--quiet", "--connect", connect,   "compare", "configs/batch-alloc-fail.toml",
                "--boots", "2",         "--clock", "virtual"};
    }
};

TEST_F(Libvirt, BothAdaptersGiveTheSameSamplesByteForByte) {
    std::map<std::string, std::vector<std::string>> figures;
    for (const auto& connect : {std::string("none"), daemon().uri()}) {
        const auto result = rig(compare(connect), kBuildLimit);
        EXPECT_EQ(exit_code(result), 0) << result.out; // exposure proven, replays the same
        ASSERT_EQ(runs().size(), 1u);
        const auto run = load_run(runs()[0]);
        ASSERT_TRUE(run) << run.error().message;
        EXPECT_EQ(run->info.libvirt_version.empty(), connect == "none");
        for (const auto& sample : run->samples)
            figures[connect].push_back(to_json(sample, false).dump());
        std::sort(figures[connect].begin(), figures[connect].end());
        EXPECT_EQ(run->samples.size(), 4u);
        fs::rename(dir_ / "results", dir_ / (connect == "none" ? "direct" : "libvirt"));
    }
    EXPECT_EQ(figures.at("none"), figures.at(daemon().uri()));
    EXPECT_EQ(daemon().guests(), "");
}

// Autodestroy: libvirtd ends the guests of a client that is gone.
TEST_F(Libvirt, AKilledRigLeavesNoGuest) {
    const auto result = rig(compare(daemon().uri()), kBootLimit,
                            {"bash", "-c",
                             "\"$@\" & rig=$!; until pgrep -f guest=rig-$rig- >/dev/null; do kill "
                             "-0 $rig || exit; sleep 0.05; done; sleep 0.5; kill "
                             "-KILL $rig && echo killed",
                             "bash"});
    EXPECT_NE(result.out.find("killed"), std::string::npos) << result.out;
    std::string left = "?";
    for (int i = 0; i < 100 && !left.empty(); ++i) {
        left = daemon().guests();
        if (!left.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_EQ(left, "");
}

// The guest ends with the daemon, and the run goes on when there is one again.
TEST_F(Libvirt, ALostDaemonIsTheHostsFault) {
    const auto args = compare(daemon().uri());
    const auto result = rig(args, kBootLimit,
                            {"bash", "-c",
                             "\"$@\" & rig=$!; until pgrep -f guest=rig-$rig- >/dev/null; do kill "
                             "-0 $rig || exit; sleep 0.05; done; sleep 0.5; kill -KILL " +
                                 daemon().pid() + "; wait $rig",
                             "bash"});
    EXPECT_EQ(exit_code(result), 3) << result.out;
    EXPECT_NE(result.out.find("host fault: "), std::string::npos) << result.out;
    std::string faults;
    for (const auto& entry : fs::recursive_directory_iterator(runs().at(0) / "boots"))
        if (entry.path().filename() == "fault-0.txt") faults += slurp(entry.path());
    EXPECT_NE(faults.find("host: hypervisor-lost: "), std::string::npos) << faults;
    EXPECT_EQ(daemon().guests(), "");
    daemon().start();
    ASSERT_FALSE(daemon().uri().empty()) << daemon().words();
    const auto again = rig(args);
    EXPECT_EQ(exit_code(again), 0) << again.out;
    EXPECT_EQ(runs().size(), 1u) << "the same run";
}

// A daemon as if on another host: it sees neither rig's cache nor the folder of this test, in which
// results and scratch files lie.
class Elsewhere : public RigProgram {
 protected:
    void SetUp() override {
        RigProgram::SetUp();
        fs::create_directories(dir_ / "tmp");
        daemon_.start({dir_, default_cache_dir()});
        ASSERT_FALSE(daemon_.uri().empty()) << daemon_.words();
    }
    CommandResult rig_there(const std::string& connect, std::vector<std::string> args) {
        std::vector<std::string> all{"--quiet", "--connect", connect};
        all.insert(all.end(), args.begin(), args.end());
        return rig(all, kBuildLimit, {"env", "TMPDIR=" + (dir_ / "tmp").string()});
    }
    // Figures by boot, and what stands beside them that has to be the same too.
    std::map<std::string, std::string> figures() const {
        std::map<std::string, std::string> out;
        const auto run = load_run(runs().at(0));
        EXPECT_TRUE(run) << run.error().message;
        if (!run) return out;
        for (const auto& sample : run->samples)
            out[fmt::format("{} {}", sample.id.arm, sample.id.index)] =
                to_json(sample, false).dump();
        for (const auto& boot : fs::directory_iterator(runs().at(0) / "boots"))
            out[boot.path().filename().string()] =
                slurp(boot.path() / "console.log") + slurp(boot.path() / "counted-perf-script.txt");
        return out;
    }
    Libvirtd daemon_{fs::path(RIG_E2E_DIR) / "libvirtd-elsewhere"};
};

TEST_F(Elsewhere, FilesGoThroughItsStorageAndSamplesAreTheSameByteForByte) {
    const std::vector<std::string> compare{
        "compare", "configs/batch-alloc-fail.toml", "--boots", "1", "--clock", "virtual"};
    const auto here = rig_there("none", compare);
    EXPECT_EQ(exit_code(here), 0) << here.out;
    const auto direct = figures();
    fs::remove_all(dir_ / "results");
    const auto there = rig_there(daemon_.uri(), compare);
    EXPECT_EQ(exit_code(there), 0) << there.out;
    const auto remote = figures();
    EXPECT_EQ(direct.size(), 4u);
    EXPECT_TRUE(direct == remote);
    for (const auto& [what, text] : remote)
        EXPECT_GT(text.size(), 1000u) << what;
    const auto left = Libvirtd::shell(fmt::format(
        "virsh -q -c {0} list --all && virsh -q -c {0} vol-list rig && echo both listed",
        daemon_.uri()));
    EXPECT_NE(left.find("both listed"), std::string::npos) << left;
    EXPECT_EQ(left.find("rig-"), std::string::npos) << left;
    // The same daemon spoken to as if it were here: it has none of the files, or the above would
    // show nothing.
    fs::remove_all(dir_ / "results");
    const auto mistaken = rig_there(daemon_.local_uri(), {"boot", "configs/batch-alloc-fail.toml",
                                                          "--arm", "ipi", "--clock", "virtual"});
    EXPECT_EQ(exit_code(mistaken), 3) << mistaken.out;
    EXPECT_NE(mistaken.out.find("libvirt did not start the guest"), std::string::npos)
        << mistaken.out;
}

TEST_F(Elsewhere, WhatCannotBeThereIsRefusedByItsName) {
    const auto wall = rig_there(daemon_.uri(), {"compare", "configs/batch-alloc-fail.toml",
                                                "--boots", "1", "--clock", "wall"});
    EXPECT_EQ(exit_code(wall), 2) << wall.out;
    EXPECT_NE(wall.out.find("--clock wall), but --connect " + daemon_.uri() + " is another host"),
              std::string::npos)
        << wall.out;
    const auto dump = rig_there(
        daemon_.uri(), {"boot", "configs/batch-alloc-fail.toml", "--arm", "ipi", "--dump-memory"});
    EXPECT_EQ(exit_code(dump), 2) << dump.out;
    EXPECT_NE(dump.out.find("--dump-memory, but --connect " + daemon_.uri() + " is another host"),
              std::string::npos)
        << dump.out;
    const auto nobody = rig_there("qemu+tcp://127.0.0.1:1/system",
                                  {"boot", "configs/batch-alloc-fail.toml", "--arm", "ipi"});
    EXPECT_EQ(exit_code(nobody), 3) << nobody.out;
    EXPECT_NE(nobody.out.find("cannot connect to qemu+tcp://127.0.0.1:1/system"), std::string::npos)
        << nobody.out;
}

} // namespace
} // namespace rig
