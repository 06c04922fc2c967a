// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/changed_line_rows.h"

#include "rig/report/text.h"
#include "rig/testing/lines_fixture.h"
#include "rig/testing/run_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

class ChangedLineRows : public ::testing::Test {
 protected:
    ReportInput input() {
        return assemble(spec, make_run(spec), make_samples(spec), {}, "results/x", lines);
    }
    std::string text() {
        std::string all;
        for (const auto& line : changed_line_lines(input()))
            all += line.text + "\n";
        return all;
    }
    Spec spec = make_spec(2);
    LineEvidence lines = make_lines(spec);
};

TEST_F(ChangedLineRows, EachLineHasItsExecutions) {
    EXPECT_EQ(text(), R"(Changed lines: executions                count pass  latency pass
  ipi: 2 of 2 changed lines with instructions ran
    mm/mmu_gather.c:317                            80            80  line 317();
    mm/mmu_gather.c:318                            80            80  line 318();
    without instructions: 1 comment
  reviewed: 2 of 2 changed lines with instructions ran
    mm/mmu_gather.c:317                            80            80  line 317();
    mm/mmu_gather.c:318                            80            80  line 318();
    without instructions: 1 comment
)");
}

TEST_F(ChangedLineRows, ALineThatDidNotRunIsNamed) {
    for (auto& boot : lines.boots)
        if (boot.arm == "reviewed" && boot.index == 1) boot.lines[0][2] = LineCount{78, 0, 0};
    EXPECT_NE(text().find("reviewed: 1 of 2 changed lines with instructions ran; not "
                          "mm/mmu_gather.c:318"),
              std::string::npos)
        << text();
    EXPECT_NE(text().find("78..80         0..80"), std::string::npos) << text();
}

TEST_F(ChangedLineRows, LinesNextToTheChangeAreShownWhereThereAreNoOthers) {
    for (auto& line : lines.maps[0].map.lines)
        line.border = true;
    EXPECT_NE(text().find("ipi: no line that reviewed does not have; next to the change"),
              std::string::npos)
        << text();
}

TEST_F(ChangedLineRows, LinesNextToOtherChangesAreShownWhereNoneOfItsOwnRan) {
    for (std::size_t arm = 0; arm < 2; ++arm)
        lines.maps[arm].map.lines[2].hunk = 1;
    lines.maps[0].map.lines[2].border = true;
    const auto headline = "changed lines with instructions ran";
    EXPECT_EQ(text().find("; next to other changes"), std::string::npos) << text();
    for (auto& boot : lines.boots)
        if (boot.arm == "ipi") boot.lines[0][1] = LineCount{0, 0, 3};
    EXPECT_NE(text().find(std::string("ipi: 0 of 1 ") + headline), std::string::npos) << text();
    EXPECT_NE(text().find("; next to other changes"), std::string::npos) << text();
}

TEST_F(ChangedLineRows, LinesThatWereNotCountedHaveTheReason) {
    lines = {};
    EXPECT_EQ(text(), "");
    lines.why_not = "under KVM";
    EXPECT_EQ(text(), "Changed lines: not counted: under KVM\n");
    EXPECT_NE(render_text(input()).find("(under KVM); the markers alone show that they ran"),
              std::string::npos);
}

TEST_F(ChangedLineRows, JsonHasEveryLine) {
    const auto json = changed_lines_json(input());
    ASSERT_EQ(json["arms"].size(), 2u);
    EXPECT_EQ(json["arms"][1]["arm"], "reviewed");
    EXPECT_EQ(json["arms"][1]["lines"].size(), 3u);
    EXPECT_EQ(json["arms"][1]["lines"][1]["count_pass"]["max"], 80);
    EXPECT_EQ(json["arms"][1]["lines"][0]["reason"], "comment");
    EXPECT_TRUE(json["arms"][1]["lines"][0]["count_pass"].is_null());
}

} // namespace
} // namespace rig
