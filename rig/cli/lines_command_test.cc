// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/lines_command.h"

#include "rig/kernel/changed_lines.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

MappedLine line_at(unsigned number, LineReason reason, std::string text) {
    MappedLine line;
    line.file = "mm/a.c";
    line.line = number;
    line.reason = reason;
    line.text = std::move(text);
    return line;
}

ArmLines four_lines() {
    ArmLines lines;
    lines.arm = "new";
    lines.against = "old";
    lines.map.objects = {"mm/a.o"};
    lines.map.seconds = 2.25;
    auto& all = lines.map.lines;
    all.push_back(line_at(3, LineReason::Comment, "/* one"));
    all.push_back(line_at(4, LineReason::Comment, " * two */"));
    all.push_back(line_at(5, LineReason::Mapped, "\twait_for(x);"));
    all.back().addresses = {{0xffffffff81000010, 0xffffffff81000018, "f", 0x10}};
    all.push_back(line_at(9, LineReason::OptimisedAway, "\tx = 1;"));
    all.back().border = true;
    return lines;
}

TEST(LinesCommand, TheTextHasEachLineWithItsAddressesOrItsReason) {
    EXPECT_EQ(lines_text(four_lines()),
              "new: 3 lines that old does not have, in 1 file; 1 has instructions\n"
              "mm/a.c\n"
              "  3-4        comment\n"
              "  5          has instructions: wait_for(x);\n"
              "             0xffffffff81000010-ffffffff81000018  f+0x10\n"
              "  9          optimised away (next to the change): x = 1;\n"
              "1 object compiled once more with debug information, in 2.2 s; the kernel loads the "
              "same bytes\n");
}

TEST(LinesCommand, ALineOfManyCopiesIsCutInTheTextAlone) {
    auto lines = four_lines();
    auto& mapped = lines.map.lines[2];
    mapped.text = "\t" + std::string(300, 'x') + "\x1b[2J;";
    mapped.addresses.assign(20, mapped.addresses[0]);
    const auto text = lines_text(lines);
    for (const auto line : split_lines(text))
        EXPECT_LE(line.size(), 100u) << line;
    EXPECT_NE(text.find("and 12 more"), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(lines_json(lines))["lines"][2]["addresses"].size(), 20u);
}

TEST(LinesCommand, TheJsonHasTheSame) {
    const auto all = nlohmann::json::parse(lines_json(four_lines()));
    EXPECT_EQ(all["arm"], "new");
    EXPECT_EQ(all["seconds"], 2.25);
    ASSERT_EQ(all["lines"].size(), 4u);
    EXPECT_EQ(all["lines"][0]["reason"], "comment");
    EXPECT_TRUE(all["lines"][0]["addresses"].empty());
    EXPECT_EQ(all["lines"][2]["addresses"][0], (nlohmann::json{{"start", "0xffffffff81000010"},
                                                               {"end", "0xffffffff81000018"},
                                                               {"function", "f"},
                                                               {"offset", 16}}));
    EXPECT_EQ(all["lines"][3]["border"], true);
    EXPECT_FALSE(all.contains("not_mapped"));
}

TEST(LinesCommand, NothingIsSaidOfLinesThatAreNotMapped) {
    auto lines = four_lines();
    lines.map.why_not = "it is another kernel";
    EXPECT_EQ(lines_text(lines), "new: 3 lines that old does not have, in 1 file\n"
                                 "not mapped: it is another kernel\n");
    const auto all = nlohmann::json::parse(lines_json(lines));
    EXPECT_EQ(all["not_mapped"], "it is another kernel");
    for (const auto& line : all["lines"])
        EXPECT_EQ(line["reason"], "not-mapped");
}

} // namespace
} // namespace rig
