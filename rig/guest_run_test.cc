#include "rig/guest_run.h"

#include "guest/protocol.h"
#include "rig/image.h"
#include "rig/kvm_probe.h"
#include "rig/testing/captured.h"
#include "rig/testing/fake_hypervisor.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace rig {
namespace {

using guest::encode;
using guest::FrameType;
using testing::FakeBoot;
using testing::FakeHypervisor;

const std::string kHello = encode(FrameType::Hello, R"({"protocol":1,"release":"6.12.117","version":"#1 SMP","cpus":4})");
const std::string kBye = encode(FrameType::Bye, "");

class GuestRun : public ::testing::Test {
 protected:
    void SetUp() override {
        std::string pattern = ::testing::TempDir() + "rig-run-XXXXXX";
        ASSERT_TRUE(::mkdtemp(pattern.data()));
        dir_ = pattern;
        std::ofstream(dir_ / "image") << "070701";
        Arm arm;
        arm.name = "ipi";
        arm.witness = "smp_call_function";
        spec_.arms = {arm};
        spec_.workload.iterations = 3;
        kernel_.bzimage = "bzImage";
    }
    void TearDown() override { std::filesystem::remove_all(dir_); }

    Result<BootRecord> boot(FakeHypervisor& hypervisor, GuestClock clock = GuestClock::Virtual) {
        const GuestSetup setup{spec_, {clock, Accelerator::Tcg}, dir_ / "image", hypervisor};
        return boot_guest(setup, kernel_, simple_plan("idle"), 1, dir_, {});
    }
    std::filesystem::path dir_;
    Spec spec_;
    Kernel kernel_;
};

struct Ending {
    const char* what;
    FakeBoot boot;
    Blame blame;
    const char* message;
};

TEST_F(GuestRun, EveryEndingHasItsBlame) {
    const std::string artifact = guest::encode_artifact("console.log", "nothing happened");
    const Ending endings[] = {
        {"QEMU not found", {"", "", Exited{0}, "QEMU did not start: cannot execute"}, Blame::Host, "did not start"},
        {"QEMU fails", {"", "", Exited{1}, ""}, Blame::Host, "exit code 1: qemu says"},
        {"QEMU is killed", {kHello, "", Signalled{9}, ""}, Blame::Host, "killed by signal 9"},
        {"no agent", {"", "last words\n", TimedOut{}, ""}, Blame::Kernel, "no sign of the agent"},
        {"hang", {kHello, "last words\n", TimedOut{}, ""}, Blame::Kernel, "hung"},
        {"panic", {kHello, "[ 1.0] Kernel panic - not syncing: x\n", Exited{0}, ""}, Blame::Kernel, "kernel panic: Kernel panic - not syncing: x"},
        {"splat", {kHello + kBye, "[ 1.0] BUG: bad page\n", Exited{0}, ""}, Blame::Kernel, "kernel splat: BUG: bad page"},
        {"reset", {kHello, "", Exited{0}, ""}, Blame::Guest, "before the agent said good-bye"},
        {"early power-off", {"", "", Exited{0}, ""}, Blame::Kernel, "before the agent was up"},
        {"agent gives up", {kHello + encode(FrameType::Failure, R"({"stage":"perf","message":"no event"})") + kBye, "", Exited{0}, ""}, Blame::Guest, "gave up: perf: no event"},
        {"garbage", {kHello + "garbage that is no frame", "", Exited{0}, ""}, Blame::Guest, "protocol violation"},
        {"bad JSON", {encode(FrameType::Hello, "{"), "", Exited{0}, ""}, Blame::Guest, "protocol violation"},
        {"a name of ours", {kHello + artifact, "", Exited{0}, ""}, Blame::Guest, "unexpected artifact"},
    };
    for (const auto& ending : endings) {
        FakeHypervisor hypervisor({ending.boot});
        const auto record = boot(hypervisor);
        ASSERT_FALSE(record) << ending.what;
        EXPECT_EQ(record.error().blame, ending.blame) << ending.what << ": " << record.error().message;
        EXPECT_NE(record.error().message.find(ending.message), std::string::npos) << ending.what << ": " << record.error().message;
    }
}

TEST_F(GuestRun, AGoodEndKeepsWhatTheGuestSent) {
    FakeHypervisor hypervisor({{kHello + guest::encode_artifact("kprobes.txt", "one ") + guest::encode_artifact("kprobes.txt", "two") + kBye, "fine\n", Exited{0}, ""}});
    const auto record = boot(hypervisor);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_EQ(record->artifacts.at("kprobes.txt"), "one two");
    EXPECT_EQ(record->release, "6.12.117");
    std::ifstream kept(dir_ / "kprobes.txt");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), "one two");
}

// A byte that comes over the channel comes at a moment of the host's choosing: in the virtual clock none does.
TEST_F(GuestRun, CommandsTravelInTheImageUnderTheVirtualClockOnly) {
    FakeHypervisor hypervisor({{kHello + kBye, "", Exited{0}, ""}});
    ASSERT_TRUE(boot(hypervisor, GuestClock::Virtual));
    ASSERT_TRUE(boot(hypervisor, GuestClock::Wall));
    EXPECT_EQ(hypervisor.received[0], "");
    EXPECT_EQ(hypervisor.received[1], encode(FrameType::Plan, simple_plan("idle").dump()));
    EXPECT_FALSE(std::filesystem::exists(hypervisor.requests[0].socket.parent_path())); // scratch is gone
}

TEST_F(GuestRun, AMeasuredBootBecomesASample) {
    std::string sends = kHello;
    for (const auto& [name, content] : testing::captured_boot("6.12-ipi")) sends += guest::encode_artifact(name, content);
    FakeHypervisor hypervisor({{sends + encode(FrameType::Result, "{}") + kBye, "", Exited{0}, ""}});
    const auto symbols = SymbolTable::parse("ffffffff810e4070 T smp_call_function\nffffffff8116e550 t tlb_remove_table_smp_sync\n"
                                            "ffffffff8116e5e0 t tlb_remove_table_one\nffffffff8116e8d0 T tlb_remove_table\nffffffff8116eaf0 T x\n",
                                            "m");
    const auto plan = make_plan(spec_, spec_.arms[0], *symbols, {});
    const GuestSetup setup{spec_, {GuestClock::Virtual, Accelerator::Tcg}, dir_ / "image", hypervisor};
    const auto sample = measure_boot(setup, kernel_, *plan, {"ipi", 2, 99, 5}, dir_, {});
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->id.order, 5u);
    EXPECT_EQ(sample->run_clock, "virtual");
    EXPECT_EQ(sample->exposure.injections, 12u);
    EXPECT_EQ(hypervisor.requests[0].seed, 99u);
}

TEST_F(GuestRun, KvmIsProbedOncePerHostBoot) {
    FakeHypervisor hypervisor({{"", "", TimedOut{}, ""}});
    const GuestSetup setup{spec_, {GuestClock::Wall, Accelerator::Kvm}, dir_ / "image", hypervisor};
    const bool there = ::access("/dev/kvm", R_OK | W_OK) == 0;
    const auto first = probe_kvm(setup, kernel_, dir_, {});
    const auto boots = hypervisor.requests.size();
    const auto second = probe_kvm(setup, kernel_, dir_, {});
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(first->works);
    EXPECT_EQ(boots, there ? 1u : 0u);
    EXPECT_EQ(hypervisor.requests.size(), boots); // remembered
    EXPECT_EQ(first->why, second->why);
    if (there) {
        EXPECT_EQ(hypervisor.requests[0].deadline, kKvmProbeDeadline);
        EXPECT_NE(first->why.find("no sign of the agent"), std::string::npos) << first->why;
    }
}

TEST_F(GuestRun, TheProbesMemoEndsWithTheHostsBoot) {
    ASSERT_TRUE(remember_probe(dir_, "boot-1", {true, "fine", 0.4}));
    ASSERT_TRUE(remembered_probe(dir_, "boot-1"));
    EXPECT_TRUE(remembered_probe(dir_, "boot-1")->works);
    EXPECT_FALSE(remembered_probe(dir_, "boot-2"));
    std::ofstream(dir_ / "kvm-probe.json") << R"({"boot_id": 5})";
    EXPECT_FALSE(remembered_probe(dir_, "boot-1"));
    std::ofstream(dir_ / "kvm-probe.json") << "not json";
    EXPECT_FALSE(remembered_probe(dir_, "boot-1"));
}

} // namespace
} // namespace rig
