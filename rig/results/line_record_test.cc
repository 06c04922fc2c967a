// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/line_record.h"

#include "rig/results/run_store.h"
#include "rig/testing/lines_fixture.h"
#include "rig/testing/run_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

class LineRecord : public ::testing::Test {
 protected:
    LineRecord() : spec(make_spec(2)), lines(make_lines(spec)), samples(make_samples(spec)) {}
    Spec spec;
    LineEvidence lines;
    std::vector<Sample> samples;
    testing::TempTree dir;
};

TEST_F(LineRecord, ARunWithoutLinesHasNone) {
    const auto found = load_lines(dir.path(), samples);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->maps.empty());
    EXPECT_TRUE(found->boots.empty());
}

TEST_F(LineRecord, MapsRoundTrip) {
    lines.why_not = "";
    ASSERT_TRUE(save_lines(dir.path(), lines));
    const auto found = load_lines(dir.path(), samples);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(to_json(*found), to_json(lines));
    EXPECT_EQ(found->boots.size(), samples.size());
}

TEST_F(LineRecord, CountsOutliveTheFoldersOfTheBoots) {
    ASSERT_TRUE(save_lines(dir.path(), lines));
    const auto without = load_lines(dir.path(), samples);
    ASSERT_TRUE(without);
    EXPECT_EQ(without->boots[0].why_not, "its instructions were not counted");
    ASSERT_TRUE(save_line_counts(dir.path(), lines));
    const auto found = load_lines(dir.path(), samples);
    ASSERT_TRUE(found) << found.error().message;
    for (const auto& boot : found->boots) {
        EXPECT_EQ(boot.why_not, "");
        EXPECT_EQ(to_json(boot), to_json(*lines.boot(boot.arm, boot.index)));
    }
}

TEST_F(LineRecord, ACountersFileThatCannotBeReadIsNamed) {
    ASSERT_TRUE(save_lines(dir.path(), lines));
    ASSERT_TRUE(save_line_counts(dir.path(), lines));
    const auto folder = folder_of(dir.path(), samples[0].id);
    dir.put(folder.lexically_relative(dir.path()) / "instruction-counts.bin", "torn");
    const auto found = load_lines(dir.path(), samples);
    ASSERT_TRUE(found);
    EXPECT_NE(found->boot(samples[0].id.arm, samples[0].id.index)
                  ->why_not.find("instruction-counts.bin: "),
              std::string::npos);
}

TEST_F(LineRecord, WhatIsNoRecordIsRefused) {
    dir.put(kLinesFile, "{\"format\": 9, \"why_not\": \"\", \"maps\": []}");
    const auto newer = load_lines(dir.path(), samples);
    ASSERT_FALSE(newer);
    EXPECT_NE(newer.error().message.find("format 9, want 1"), std::string::npos);
    dir.put(kLinesFile, "{");
    EXPECT_FALSE(load_lines(dir.path(), samples));
    ASSERT_TRUE(save_lines(dir.path(), lines));
    auto counts = to_json(lines.boots[0]);
    counts["lines"][0][1] = {1, 2};
    dir.put(kLineCountsFile, nlohmann::json{{"boots", {counts}}}.dump());
    EXPECT_FALSE(load_lines(dir.path(), samples));
}

} // namespace
} // namespace rig
