// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/experiment/suite_run.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

TEST(SuiteRun, AControlHoldsOnlyIfItFailsForItsReason) {
    EXPECT_EQ(judge_check(Exit::Pass, "x", Exit::Pass, ""), CheckVerdict::Holds);
    EXPECT_EQ(judge_check(Exit::Fail, "sleeping function called", Exit::Fail, "sleeping function"),
              CheckVerdict::Holds);
    EXPECT_EQ(judge_check(Exit::Fail, "something else", Exit::Fail, "sleeping function"),
              CheckVerdict::Fails);
    EXPECT_EQ(judge_check(Exit::Pass, "sleeping function", Exit::Fail, "sleeping function"),
              CheckVerdict::Fails); // the control did not fail
    EXPECT_EQ(judge_check(Exit::Inconclusive, "", Exit::Pass, ""), CheckVerdict::Open);
    EXPECT_EQ(judge_check(Exit::Inconclusive, "no PT_RECLAIM", Exit::Inconclusive, "PT_RECLAIM"),
              CheckVerdict::Holds);
    EXPECT_EQ(judge_check(Exit::Fail, "", Exit::Pass, ""), CheckVerdict::Fails);
}

constexpr const char* patch = "Subject: says Context: in its message\n---\ndiff --git a/x b/x\n--- "
                              "a/x\n+++ b/x\n@@ -1,2 +1,4 @@\n line\n"
                              "+ * Use in slow paths\n+ * where sleeping is acceptable.\n-\told "
                              "might_sleep();\n+\tmight_sleep();\n-- \n2.39\n";

TEST(SuiteRun, OnlyAddedLinesCountAndSentencesMayBeBroken) {
    const auto verdict = [](std::vector<std::string> has, std::vector<std::string> lacks) {
        return check_added_lines({"series", has, lacks}, {patch});
    };
    EXPECT_EQ(verdict({"Use in slow paths where sleeping is acceptable", "might_sleep()"},
                      {"Context:", "old"})
                  .verdict,
              CheckVerdict::Holds);
    const auto missing = verdict({"never for freeing"}, {});
    EXPECT_EQ(missing.verdict, CheckVerdict::Fails);
    EXPECT_EQ(missing.found, "'never for freeing' is missing");
    EXPECT_EQ(verdict({}, {"might_sleep()"}).found, "'might_sleep()' is there");
    // A series that adds nothing lacks every forbidden text, which shows nothing.
    EXPECT_EQ(check_added_lines({"series", {}, {"x"}}, {"Subject: nothing\n"}).verdict,
              CheckVerdict::Fails);
}

} // namespace
} // namespace rig
