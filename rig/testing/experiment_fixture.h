// SPDX-License-Identifier: GPL-2.0-or-later
// An experiment with fake dependencies: prebuilt "kernels", a hypervisor that replays captured
// boots, and programs that always succeed.
#pragma once

#include "guest/protocol/protocol.h"
#include "rig/experiment/environment.h"
#include "rig/experiment/experiment.h"
#include "rig/results/run_store.h"
#include "rig/run_index/index.h"
#include "rig/run_index/run_reader.h"
#include "rig/spec/spec_parser.h"
#include "rig/testing/captured.h"
#include "rig/testing/fake_hypervisor.h"

#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace rig::testing {

using guest::encode;
using guest::FrameType;

class PerfRunner : public CommandRunner {
 public:
    Result<CommandResult> run(const Command&) override {
        CommandResult result;
        result.outcome = Exited{0};
        result.out = "perf version 0.0\n";
        return result;
    }
};

inline constexpr const char* kMap =
    "ffffffff810b9fb0 T synchronize_rcu\nffffffff810e3eb0 T smp_call_function\nffffffff8116e390 t "
    "tlb_remove_table_smp_sync\n"
    "ffffffff8116e420 t tlb_remove_table_one\nffffffff8116e8d0 T "
    "tlb_remove_table\nffffffff8116eaf0 T tlb_flush_mmu\n";

inline FakeBoot captured_boot_of(const char* folder) {
    std::string sends = encode(
        FrameType::Hello, R"({"protocol":1,"release":"6.12.117","version":"#1 SMP","cpus":4})");
    for (const auto& [name, content] : captured_boot(folder))
        sends += guest::encode_artifact(name, content);
    return {sends + encode(FrameType::Result, "{}") + encode(FrameType::Bye, ""), "fine\n",
            Exited{0}, ""};
}

class ExperimentLoop : public ::testing::Test {
 protected:
    void SetUp() override {
        std::string pattern = ::testing::TempDir() + "rig-loop-XXXXXX";
        ASSERT_TRUE(::mkdtemp(pattern.data()));
        dir_ = pattern;
        std::filesystem::create_directories(dir_ / "kernel-patches");
        put("bzImage-a", "kernel a");
        put("bzImage-b", "kernel b");
        put("System.map",
            std::string(kMap) + "ffffffff81200000 t only_in_a\nffffffff81200010 t behind_it\n");
        put("System.map-b",
            std::string(kMap) + "ffffffff81200000 t only_in_b\nffffffff81200010 t behind_it\n");
        put("config", "CONFIG_MMU_GATHER_RCU_TABLE_FREE=y\n");
        put("agent", "agent");
        std::filesystem::create_directories(dir_ / "cache/perf/key");
        put("cache/perf/key/perf", "perf");
        ::setenv("RIG_AGENT", (dir_ / "agent").c_str(), 1);
        put("x.toml", R"(
name = "loop"
[kernel]
source = { prebuilt = true }
[[arm]]
name = "a"
bzimage = "bzImage-a"
system_map = "System.map"
config = "config"
marker = "only_in_a"
[[arm]]
name = "b"
bzimage = "bzImage-b"
system_map = "System.map-b"
config = "config"
marker = "only_in_b"
[guest]
clock = "virtual"
boots = 4
[workload]
name = "munmap"
iterations = 3
[target]
function = "tlb_remove_table_one"
sync_function = "tlb_remove_table_smp_sync"
[target.config]
MMU_GATHER_RCU_TABLE_FREE = "y"
[metrics.sync_ipis]
expect = "exactly"
values = { a = "predicted", b = "predicted" }
)");
    }
    void TearDown() override {
        ::unsetenv("RIG_AGENT");
        std::filesystem::remove_all(dir_);
    }
    void put(const std::string& name, const std::string& text) {
        std::ofstream(dir_ / name) << text;
    }

    Result<ExperimentResult> run(FakeHypervisor& hypervisor, unsigned jobs,
                                 std::stop_token stop = {}, bool fresh = false,
                                 std::uintmax_t disk_budget = kDiskBudget) {
        auto spec = load_spec(dir_ / "x.toml");
        if (!spec) return tl::unexpected(spec.error());
        ArtifactCache cache(dir_ / "cache");
        PerfRunner runner;
        const Environment environment{cache, runner, hypervisor, Progress::silent(), {}, engine};
        return run_experiment(*spec, environment,
                              {dir_ / "results",
                               jobs,
                               {"rig", "compare", "x.toml"},
                               fresh,
                               disk_budget,
                               [this](const std::string& text) { warnings_.push_back(text); },
                               profile},
                              stop);
    }
    long runs() const { return std::ssize(run_folders(dir_ / "results")); }
    std::filesystem::path only_run() const { return run_folders(dir_ / "results").at(0); }
    std::vector<RunRecord> indexed() const { return Index::open(dir_ / "results")->runs().value(); }

    std::filesystem::path dir_;
    std::vector<std::string> warnings_;
    Engine* engine = nullptr;
    bool profile = false; // profile the boots
};

} // namespace rig::testing
