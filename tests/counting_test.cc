// SPDX-License-Identifier: GPL-2.0-or-later
// The TCG plugin in real boots: its counts are those of perf and of the injections, and it changes
// nothing that the guest measures. docs/evaluation/counted-lines.md has more of it.
#include "tests/rig_program.h"

#include <nlohmann/json.hpp>
#include <regex>

namespace rig {
namespace {

class Counting : public testing::RigProgram {
 protected:
    // What one boot printed.
    std::string boot(const std::vector<std::string>& more) {
        std::vector<std::string> args{"--quiet", "boot", "configs/batch-alloc-fail.toml",
                                      "--arm",   "ipi",  "--clock",
                                      "virtual"};
        args.insert(args.end(), more.begin(), more.end());
        const auto result = rig(args);
        EXPECT_EQ(exit_code(result), 0) << result.out;
        return result.out;
    }
    // Its sample, without what is the host's.
    nlohmann::json sample(std::vector<std::string> more) {
        more.push_back("--json");
        auto all = nlohmann::json::parse(boot(more), nullptr, false);
        EXPECT_TRUE(all.is_object());
        if (!all.is_object()) return all;
        // Printed beside the sample, which has no counts.
        for (const char* key : {"host", "counted_functions", "counted_lines", "counted_exactly"})
            all.erase(key);
        return all;
    }
};

const std::vector<std::string> kCount{"--count", "tlb_remove_table_one", "--count",
                                      "tlb_remove_table_smp_sync"};

TEST_F(Counting, EqualsTheInjectionsInBothPasses) {
    const auto text = boot(kCount);
    const auto says = [&](const char* line) {
        return std::regex_search(text, std::regex(line)) ? "" : text;
    };
    EXPECT_EQ(says("target_hits +80\n"), "");
    EXPECT_EQ(says("sync_handled +240\n"), "");
    EXPECT_EQ(says("tlb_remove_table_one +80 +80 +0 +[1-9]"), "");
    EXPECT_EQ(says("tlb_remove_table_smp_sync +240 +240 +0 +[1-9]"), "");
    EXPECT_EQ(text.find("  ! "), std::string::npos) << "exact, and both passes seen:\n" << text;
}

TEST_F(Counting, LeavesTheSampleAsItIs) {
    const auto without = sample({}), with = sample(kCount);
    EXPECT_TRUE(without == with) << "see sample.json in both folders";
    EXPECT_FALSE(without == sample({"--index", "1"})) << "the control: the next seed differs";
}

TEST_F(Counting, FunctionThatTheKernelLacksIsNamed) {
    const auto result = rig({"--quiet", "boot", "configs/batch-alloc-fail.toml", "--arm", "ipi",
                             "--clock", "virtual", "--count", "no_such_function"});
    EXPECT_EQ(exit_code(result), 2);
    EXPECT_NE(result.out.find("no_such_function is not a function of this kernel"),
              std::string::npos)
        << result.out;
}

} // namespace
} // namespace rig
