// The libvirt adapter against a real libvirtd, started and stopped here: the same samples as direct QEMU, and nothing left behind.
#include "rig/store.h"
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
        return {"--quiet", "--connect", connect, "compare", "configs/batch-alloc-fail.toml", "--boots", "2", "--clock", "virtual"};
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
                             "\"$@\" & rig=$!; until pgrep -f guest=rig-$rig- >/dev/null; do kill -0 $rig || exit; sleep 0.05; done; sleep 0.5; kill "
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
    const auto result =
        rig(args, kBootLimit,
            {"bash", "-c",
             "\"$@\" & rig=$!; until pgrep -f guest=rig-$rig- >/dev/null; do kill -0 $rig || exit; sleep 0.05; done; sleep 0.5; kill -KILL " +
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

} // namespace
} // namespace rig
