// SPDX-License-Identifier: GPL-2.0-or-later
// `rig try` as a user types it. The kernels are those of the default experiment, which other cases
// have built.
#include "rig_program.h"

#include <nlohmann/json.hpp>
#include <set>

namespace rig {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class Try : public testing::RigProgram {
 protected:
    CommandResult try_it(std::vector<std::string> words,
                         std::chrono::seconds limit = testing::kBootLimit) {
        std::vector<std::string> all{"try"};
        all.insert(all.end(), words.begin(), words.end());
        all.insert(all.end(), {"--folder", (dir_ / "tries").string()});
        return rig(std::move(all), limit);
    }
    const std::string reviewed_ = "kernel-patches/6.12/reviewed";
    const std::string enable_ = "kernel-patches/6.12/enable";
};

TEST_F(Try, AFolderIsComparedInOneLine) {
    const auto result =
        try_it({reviewed_, "--base", "linux-source-6.12", "--prerequisites", enable_, "--workload",
                "munmap", "--fault", "tlb_remove_table", "--boots", "1", "--name", "reviewed"},
               testing::kBuildLimit);
    EXPECT_EQ(exit_code(result), 0) << result.out;
    EXPECT_NE(result.out.find("NO VERDICT: nothing is declared"), std::string::npos) << result.out;
    // No function of the patch is named anywhere, and yet its lines ran.
    EXPECT_TRUE(
        std::regex_search(result.out, std::regex("mm/mmu_gather.c:307 +80 +80  synchronize_rcu")))
        << result.out;
    EXPECT_TRUE(fs::exists(dir_ / "tries/reviewed/reviewed.toml"));
    // The file makes the same run again.
    const auto again =
        rig({"compare", (dir_ / "tries/reviewed/reviewed.toml").string(), "--fresh"});
    EXPECT_EQ(exit_code(again), 4) << again.out;
    EXPECT_NE(again.out.find("NO VERDICT"), std::string::npos) << again.out;
}

TEST_F(Try, ABrokenBoundFails) {
    const auto result = try_it({reviewed_, "--base", "linux-source-6.12", "--prerequisites",
                                enable_, "--workload", "munmap", "--fault", "tlb_remove_table",
                                "--boots", "6", "--not-worse", "latency=1%"},
                               testing::kBuildLimit);
    EXPECT_EQ(exit_code(result), 1) << result.out;
    EXPECT_NE(result.out.find("FAIL: 1 failed (target_latency in patched)"), std::string::npos)
        << result.out;
}

TEST_F(Try, AWorkloadThatMissesTheChangeIsInconclusiveAndToldTheWay) {
    const auto result =
        try_it({reviewed_, "--base", "linux-source-6.12", "--prerequisites", enable_, "--workload",
                "munmap", "--fault", "tlb_finish_mmu", "--boots", "1"},
               testing::kBuildLimit);
    EXPECT_EQ(exit_code(result), 4) << result.out;
    EXPECT_NE(result.out.find("INCONCLUSIVE"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("Called through a pointer, from where is unknown"), std::string::npos)
        << result.out;
    // With the prerequisite the table batch is reached through pv_ops.
    EXPECT_NE(result.out.find("  tlb_remove_table: tlb_remove_table > tlb_remove_table_one"),
              std::string::npos)
        << result.out;
}

TEST_F(Try, TheJsonOfARunThatMissesHasTheWays) {
    const auto result =
        try_it({reviewed_, "--base", "linux-source-6.12", "--prerequisites", enable_, "--workload",
                "munmap", "--fault", "tlb_finish_mmu", "--boots", "1", "--json", "--quiet"},
               testing::kBuildLimit);
    EXPECT_EQ(exit_code(result), 4) << result.out;
    const auto report = json::parse(result.out, nullptr, false);
    ASSERT_TRUE(report.is_object()) << result.out;
    const auto& trial = report["trial"];
    std::set<std::string> changed, indirect;
    for (const auto& one : trial["changed_functions"])
        changed.insert(one["function"]);
    EXPECT_TRUE(changed.contains("tlb_remove_table_one")) << trial.dump();
    for (const auto& one : trial["ways"]["indirect"])
        indirect.insert(one["function"]);
    EXPECT_TRUE(indirect.contains("tlb_remove_table")) << trial.dump();
    EXPECT_TRUE(trial["ways"]["allocations"].is_array());
    // Calls and latency of each changed function are metrics.
    std::set<std::string> metrics;
    for (const auto& one : report["metrics"])
        metrics.insert(one["name"]);
    for (const char* name :
         {"calls_tlb_remove_table_one", "target_latency", "page_faults", "context_switches"})
        EXPECT_TRUE(metrics.contains(name)) << name << ": " << report["metrics"].dump();
}

TEST_F(Try, AnOptionOfTheSeriesIsOfThePatchedKernelOnly) {
    const auto plan_of = [&](const char* patch) {
        const auto result = try_it({std::string("tests/trials/") + patch, "--base",
                                    "linux-source-6.12", "--plan", "--json", "--quiet"},
                                   testing::kBuildLimit);
        EXPECT_EQ(exit_code(result), 0) << result.out;
        return json::parse(result.out, nullptr, false);
    };
    const auto names = [](const json& options) {
        std::set<std::string> out;
        for (const auto& option : options)
            out.insert(option["name"]);
        return out;
    };
    const auto fresh = plan_of("0010-TEST-ONLY-fs-proc-add-proc-threads_total.patch");
    EXPECT_EQ(names(fresh["patched_options"]), std::set<std::string>{"PROC_THREADS_TOTAL"});
    EXPECT_FALSE(names(fresh["options"]).contains("PROC_THREADS_TOTAL"));
    // One option compiles the file, another one the changed lines.
    const auto gated = plan_of("0005-TEST-ONLY-configs-return-early-from-an-empty-read.patch");
    EXPECT_EQ(names(gated["options"]), (std::set<std::string>{"IKCONFIG", "IKCONFIG_PROC"}));
    EXPECT_TRUE(gated["patched_options"].empty());
}

TEST_F(Try, ThePlanNamesObjectsAndOptions) {
    std::ofstream(dir_ / "tun.patch") << R"(--- a/drivers/net/tun.c
+++ b/drivers/net/tun.c
@@ -1,3 +1,4 @@
 // SPDX-License-Identifier: GPL-2.0-or-later
+/* more */
 /*
  *  TUN - Universal TUN/TAP device driver.
)";
    const auto result = try_it({(dir_ / "tun.patch").string(), "--plan", "--json", "--quiet"},
                               testing::kBuildLimit);
    ASSERT_EQ(exit_code(result), 0) << result.out;
    const auto plan = json::parse(result.out, nullptr, false);
    ASSERT_TRUE(plan.is_object()) << result.out;
    EXPECT_EQ(plan["files"][0]["objects"], json::array({"drivers/net/tun.o"}));
    std::set<std::string> options;
    for (const auto& option : plan["options"])
        options.insert(option["name"]);
    EXPECT_TRUE(options.contains("TUN") && options.contains("NET")) << plan["options"].dump();
}

TEST_F(Try, BadInputIsOneErrorThatSaysWhatIsAccepted) {
    std::ofstream(dir_ / "empty.patch") << "";
    std::ofstream(dir_ / "words.patch") << "These are words and no patch.\n";
    const std::vector<std::pair<std::vector<std::string>, std::string>> table{
        {{"nowhere.mbox"}, "nowhere.mbox"},
        {{}, "want a series"},
        {{(dir_ / "empty.patch").string()}, "empty"},
        {{(dir_ / "words.patch").string()}, "words.patch"},
        {{"--worktree", "-C", "/"}, "git"},
        {{reviewed_, "--base", "nothing"}, "--base nothing: want a package such as"},
        {{reviewed_, "--run", "./no-such-program"}, "there is no file"},
        {{reviewed_, "--workload", "sleep"}, "--workload sleep: want one of"},
        {{reviewed_, "--run", "true", "--workload", "munmap"}, "want one of them"},
        {{reviewed_, "--option", "NUMA"}, "want NAME=VALUE"},
        {{reviewed_, "--not-worse", "latency"}, "want METRIC=PERCENT%"},
    };
    for (const auto& [words, says] : table) {
        auto all = words;
        all.emplace_back("--plan");
        const auto result = try_it(all);
        EXPECT_EQ(exit_code(result), 2) << fmt::format("{}", fmt::join(words, " ")) << "\n"
                                        << result.out;
        EXPECT_NE(result.out.find(says), std::string::npos) << says << "\n" << result.out;
        EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n') < 20, true);
    }
}

} // namespace
} // namespace rig
