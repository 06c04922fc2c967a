// SPDX-License-Identifier: GPL-2.0-or-later
// The review's experiment on stock Linux 6.12 for other architectures than the host's: cross-built,
// emulated. A suite for each, since it builds a kernel and a perf from nothing where the cache is
// cold.
#include "rig/arch/arch.h"
#include "rig/report/report.h"
#include "rig/results/run_store.h"
#include "tests/rig_program.h"

#include <map>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;
using namespace rig::testing; // the fixture
class Stock : public RigProgram, public ::testing::WithParamInterface<const Arch*> {
 protected:
    void SetUp() override {
        RigProgram::SetUp();
        Command ninja;
        ninja.argv = {"ninja", "-C", RIG_BUILD, "guest/rig-agent-" + arch.name};
        BoostCommandRunner runner;
        const auto made = runner.run(ninja);
        ASSERT_TRUE(made && made->ok()) << (made ? made->out : made.error().message);
    }
    const Arch& arch = *GetParam();
    const std::string experiment = "configs/batch-alloc-fail-" + arch.name + ".toml";
};
INSTANTIATE_TEST_SUITE_P(Linux612, Stock, ::testing::Values(&arm64(), &riscv64()),
                         [](const auto& info) { return info.param->name; });

// First: builds what the others boot.
TEST_P(Stock, TheBaselineIsTheKernelAsItIs) {
    const auto result = rig({"--quiet", "build", experiment, "--json"}, kBuildLimit);
    ASSERT_EQ(exit_code(result), 0) << result.out;
    const json built = json::parse(result.out);
    const auto &ipi = built.at("kernels").at(0), &reviewed = built.at("kernels").at(1);
    EXPECT_EQ(ipi.at("patches").size(), 0u) << "no prerequisite patch";
    EXPECT_EQ(reviewed.at("patches").size(), 1u) << "the patch under review alone";
    EXPECT_NE(ipi.at("image_sha256"), reviewed.at("image_sha256"));
    EXPECT_TRUE(ipi.at("compiler").get<std::string>().starts_with(arch.cross + "gcc"));
    for (const auto& kernel : built.at("kernels"))
        fmt::print("{}: {:.1f} s, incremental {}, cached {}\n", kernel.at("arm").get<std::string>(),
                   kernel.at("build_seconds").get<double>(), kernel.at("incremental").get<bool>(),
                   kernel.at("from_cache").get<bool>());
}

TEST_P(Stock, InvariantsAreExactAndReplayByteForByte) {
    const auto first = rig({"compare", experiment, "--boots", "7", "--clock", "virtual"});
    EXPECT_EQ(exit_code(first), 0) << first.out;
    const auto second = rig({"compare", experiment, "--boots", "2", "--clock", "virtual"});
    EXPECT_EQ(exit_code(second), 0) << second.out;
    const auto dirs = runs();
    ASSERT_EQ(dirs.size(), 2u);
    const auto a = load_run(dirs[0]), b = load_run(dirs[1]);
    ASSERT_TRUE(a && b);
    ASSERT_EQ(a->samples.size(), 14u);
    ASSERT_EQ(b->samples.size(), 4u);
    std::map<std::pair<std::string, unsigned>, std::string> samples;
    for (const auto& sample : a->samples) {
        const auto& e = sample.exercised;
        EXPECT_EQ(sample.cpus_online, 4u);
        EXPECT_EQ(e.injections, 80u); // 20 calls x 4 tables
        EXPECT_EQ(e.target_hits, 80u);
        EXPECT_EQ(e.marked_hits, 80u);
        EXPECT_EQ(e.lost_events, 0u);
        EXPECT_EQ(sample.counts.at("sync_ipis"), sample.id.arm == "ipi" ? 240u : 0u);
        EXPECT_GE(sample.counts.at("call_function_interrupts"),
                  std::max<std::uint64_t>(sample.counts.at("sync_ipis"), 1))
            << "each arrives, and is counted";
        EXPECT_EQ(sample.counts.count("tlb_flushes"), 0u)
            << "no tracepoint tells of them: nothing is better than a zero";
        samples[{sample.id.arm, sample.id.index}] = to_json(sample, false).dump();
    }
    for (const auto& sample : b->samples) {
        const auto same =
            samples.at({sample.id.arm, sample.id.index}) == to_json(sample, false).dump();
        EXPECT_TRUE(same) << sample.id.arm << " " << sample.id.index;
    }
    // Different seeds must not give the same boot: the comparison above could not fail otherwise.
    const auto zero = samples.at({"ipi", 0}), one = samples.at({"ipi", 1});
    EXPECT_NE(zero, one);
}

TEST_P(Stock, WithoutExposureItIsInconclusive) {
    const struct {
        const char* set;
        std::vector<const char*> checks;
    } controls[] = {
        {"fault.times=0", {"allocations were made to fail in every boot"}},
        {"fault.stack_filter=false",
         {"injections = failed allocations = target hits",
          "every failure was in tlb_remove_table()"}},
        {"arm.reviewed.series=[]", {"the image differs from the baseline's"}},
    };
    for (const auto& control : controls) {
        const auto result = rig(
            {"compare", experiment, "--boots", "1", "--clock", "virtual", "--set", control.set});
        EXPECT_EQ(exit_code(result), 4) << result.out;
        EXPECT_NE(result.out.find("INCONCLUSIVE"), std::string::npos) << result.out;
        for (const auto* check : control.checks)
            EXPECT_NE(result.out.find(check), std::string::npos) << result.out;
    }
}

} // namespace
} // namespace rig
