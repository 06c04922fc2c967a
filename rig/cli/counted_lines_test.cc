// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/counted_lines.h"

#include "plugin/counts_file.h"

#include <cstring>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

MappedLine changed(unsigned number, LineReason reason, std::vector<LineAddress> addresses = {}) {
    MappedLine line;
    line.file = "mm/a.c";
    line.line = number;
    line.reason = reason;
    line.addresses = std::move(addresses);
    return line;
}

class CountedLines : public ::testing::Test {
 protected:
    CountedLines() {
        lines.map.lines = {
            changed(3, LineReason::Comment),
            changed(4, LineReason::Comment),
            changed(5, LineReason::Mapped, {{0x1000, 0x1004, "f", 0}, {0x1010, 0x1014, "g", 0}}),
            changed(6, LineReason::Merged, {{0x1002, 0x1002, "f", 2}}),
            changed(7, LineReason::Init, {{0x2000, 0x2004, "h", 0}}),
            changed(8, LineReason::Mapped, {{0x1020, 0x1022, "f", 0x20}}),
            changed(9, LineReason::Mapped, {{0x1022, 0x1024, "f", 0x22}}),
            changed(10, LineReason::Inlined, {{0x1030, 0x1034, "f", 0x30}}),
            changed(11, LineReason::Merged, {{0x1002, 0x1002, "f", 2}, {0x1012, 0x1012, "g", 2}}),
        };
        lines.map.lines[6].border = true;
        layout = counts_layout(ranges_of(lines.map), 1, "x86-64");
        const auto image = counts_image(layout).value();
        head = image.head.size();
        bytes = image.head;
        bytes.resize(image.bytes);
        rig_counts_header header;
        std::memcpy(&header, bytes.data(), sizeof header);
        header.plugin_api = header.threads = 1;
        header.blocks = 1;
        header.marks[RIG_WINDOW_COUNT_PASS] = header.marks[RIG_WINDOW_LATENCY_PASS] = 1;
        header.marks[RIG_WINDOW_REST] = 2;
        std::memcpy(bytes.data(), &header, sizeof header);
    }
    // One vCPU: a window after the other, each with a counter for every byte of the ranges.
    void count(CountWindow window, std::uint64_t address, std::uint64_t executions) {
        std::uint64_t cells = 0, cell = 0;
        for (const auto& range : layout.ranges) {
            if (address >= range.start && address < range.start + range.length)
                cell = cells + address - range.start;
            cells += range.length;
        }
        std::memcpy(bytes.data() + head +
                        (static_cast<std::uint64_t>(window) * cells + cell) * sizeof executions,
                    &executions, sizeof executions);
    }
    InstructionCounts counts() const { return InstructionCounts::parse(bytes).value(); }

    ArmLines lines;
    CountsLayout layout;
    std::string bytes;
    std::size_t head = 0;
};

TEST_F(CountedLines, TheTextHasARowForEachLine) {
    count(CountWindow::CountPass, 0x1002, 80);
    count(CountWindow::CountPass, 0x1012, 5);
    count(CountWindow::CountPass, 0x1030, 80);
    count(CountWindow::Rest, 0x1020, 1);
    EXPECT_EQ(counted_lines_text(lines, counts()),
              "  changed line                       count pass latency pass         rest\n"
              "  mm/a.c:3-4                       comment\n"
              "  mm/a.c:5                                   80            0            0\n"
              "  mm/a.c:6                                <= 80         <= 0         <= 0\n"
              "  mm/a.c:7                         in memory that is freed after boot (__init)\n"
              "  mm/a.c:8                                    0            0            1\n"
              "  mm/a.c:9                                    0            0            0"
              "  next to the change\n"
              "  mm/a.c:10                                  80            0            0\n"
              "  mm/a.c:11                               <= 85         <= 0         <= 0\n"
              "  2 of 3 changed lines with instructions ran while the workload did\n");
}

TEST_F(CountedLines, JsonHasEveryLine) {
    count(CountWindow::CountPass, 0x1002, 80);
    const auto all = counted_lines_json(lines, counts());
    ASSERT_EQ(all.size(), lines.map.lines.size());
    EXPECT_EQ(all[0]["reason"], "comment");
    EXPECT_TRUE(all[0]["count_pass"].is_null());
    EXPECT_EQ(all[2]["count_pass"], 80);
    EXPECT_EQ(all[2]["bound"], false);
    EXPECT_EQ(all[3]["bound"], true);
    EXPECT_EQ(all[6]["border"], true);
}

TEST_F(CountedLines, WhatIsNotMappedIsNotCounted) {
    lines.map.why_not = "another kernel";
    EXPECT_EQ(counted_lines_text(lines, counts()), "  ! lines were not counted: another kernel\n");
}

} // namespace
} // namespace rig
