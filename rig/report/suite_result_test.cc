// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/suite_result.h"

#include "rig/report/suite_report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

SuiteResult sample_result() {
    SuiteResult result{"review",
                       "point by point",
                       "2026-02-23T10:32:48Z",
                       "2026-02-23T10:40:00Z",
                       {"./bootstrap", "compare", "configs/review.toml"},
                       "results/x",
                       {}};
    result.points.push_back({"kinder",
                             "less disruptive",
                             "no sync IPI",
                             {{"configs/a.toml",
                               false,
                               CheckVerdict::Holds,
                               "PASS: 5 hold",
                               {"sync IPIs: ipi 240, reviewed 0"},
                               "results/y"}}});
    result.points.push_back({"no-stub",
                             "dangerous to define",
                             "",
                             {{"mm/mmu_gather.o of reviewed",
                               true,
                               CheckVerdict::Holds,
                               "does not build: error: implicit",
                               {},
                               ""}}});
    return result;
}

TEST(SuiteResult, TheExitIsTheWorstPoints) {
    auto result = sample_result();
    EXPECT_EQ(result.exit(), Exit::Pass);
    result.points[0].checks.push_back({"b", false, CheckVerdict::Open, "INCONCLUSIVE", {}, ""});
    EXPECT_EQ(result.exit(), Exit::Inconclusive);
    result.points[1].checks.push_back({"c", true, CheckVerdict::Fails, "builds", {}, ""});
    EXPECT_EQ(result.exit(), Exit::Fail);
    EXPECT_EQ(SuiteResult{}.exit(), Exit::Inconclusive); // without any check nothing was shown
    EXPECT_EQ(PointResult{}.verdict(), CheckVerdict::Open);
}

TEST(SuiteResult, ThePageNamesClaimEvidenceAndVerdict) {
    const auto text = suite_text(sample_result(), false);
    EXPECT_NE(text.find("✔ kinder: holds\n  claim     less disruptive\n  answer    no sync IPI\n  "
                        "✔ configs/a.toml\n      PASS: 5 hold\n      sync IPIs: ipi 240, "
                        "reviewed 0\n      results/y\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("✔ control: mm/mmu_gather.o of reviewed"), std::string::npos) << text;
    EXPECT_NE(text.find("\n✔ 2 of 2 points hold; 1 of 1 negative controls were seen to fail\n"),
              std::string::npos)
        << text;
    auto cut = sample_result();
    cut.ended.clear();
    EXPECT_NE(suite_text(cut, false).find("? INTERRUPTED"), std::string::npos);
    const auto json = suite_json(sample_result());
    EXPECT_EQ(json["exit"], 0);
    EXPECT_EQ(json["points"][1]["checks"][0]["control"], true);
}

} // namespace
} // namespace rig
