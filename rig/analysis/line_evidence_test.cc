// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/line_evidence.h"

#include "plugin/counts_file.h"
#include "rig/testing/lines_fixture.h"

#include <cstring>
#include <gtest/gtest.h>

namespace rig {
namespace {

using namespace rig::fixture;

class LineEvidenceTest : public ::testing::Test {
 protected:
    LineEvidenceTest() {
        map.arm = "ipi";
        map.against = "reviewed";
        map.entries = {{"f", 0x0ff0}};
        map.map.lines = {
            make_line(3, LineReason::Comment),
            make_line(5, LineReason::Mapped, {{0x1000, 0x1004, "f", 0}, {0x1010, 0x1014, "g", 0}}),
            make_line(6, LineReason::Merged, {{0x1002, 0x1002, "f", 2}, {0x1012, 0x1012, "g", 2}}),
            make_line(7, LineReason::Init, {{0x2000, 0x2004, "h", 0}})};
        const auto layout = counts_layout(ranges_of({&map}), 1, "x86-64");
        const auto image = counts_image(layout).value();
        head = image.head.size();
        bytes = image.head;
        bytes.resize(image.bytes);
        ranges = layout.ranges;
        mark(2);
    }
    // How often the latency pass ended; 2 with the count pass's end.
    void mark(std::uint64_t ends) {
        rig_counts_header header;
        std::memcpy(&header, bytes.data(), sizeof header);
        header.plugin_api = header.threads = 1;
        header.blocks = 1;
        header.marks[RIG_WINDOW_COUNT_PASS] = header.marks[RIG_WINDOW_LATENCY_PASS] = 1;
        header.marks[RIG_WINDOW_REST] = ends;
        std::memcpy(bytes.data(), &header, sizeof header);
    }
    void count(CountWindow window, std::uint64_t address, std::uint64_t executions) {
        std::uint64_t cells = 0, cell = 0;
        for (const auto& range : ranges) {
            if (address >= range.start && address < range.start + range.length)
                cell = cells + address - range.start;
            cells += range.length;
        }
        std::memcpy(bytes.data() + head +
                        (static_cast<std::uint64_t>(window) * cells + cell) * sizeof executions,
                    &executions, sizeof executions);
    }
    BootLines boot() {
        return count_boot({&map}, "ipi", 4, InstructionCounts::parse(bytes).value());
    }

    ArmLineMap map;
    std::vector<CountedRange> ranges;
    std::string bytes;
    std::size_t head = 0;
};

TEST_F(LineEvidenceTest, InitCodeIsNotCounted) {
    for (const auto& range : ranges)
        EXPECT_LT(range.start, 0x2000u);
    EXPECT_FALSE(boot().lines[0][3]);
    EXPECT_FALSE(boot().lines[0][0]);
    map.map.why_not = "another kernel";
    EXPECT_TRUE(ranges_of(map.map).empty());
}

TEST_F(LineEvidenceTest, ALineRanAsOftenAsTheInstructionThatRanMostOften) {
    count(CountWindow::CountPass, 0x1002, 80);
    count(CountWindow::CountPass, 0x1010, 7);
    count(CountWindow::LatencyPass, 0x1012, 9);
    EXPECT_EQ(boot().lines[0][1], (LineCount{80, 9, 0}));
}

TEST_F(LineEvidenceTest, ABoundIsTheSumOfTheCopies) {
    count(CountWindow::CountPass, 0x1002, 80);
    count(CountWindow::CountPass, 0x1012, 7);
    EXPECT_EQ(boot().lines[0][2], (LineCount{87, 0, 0}));
}

TEST_F(LineEvidenceTest, TheEntriesOfFunctionsAreCountedToo) {
    count(CountWindow::CountPass, 0x0ff0, 80);
    count(CountWindow::LatencyPass, 0x0ff0, 81);
    count(CountWindow::Rest, 0x0ff0, 82);
    EXPECT_EQ(boot().entries.at("f"), (LineCount{80, 81, 82}));
}

TEST_F(LineEvidenceTest, ABootWhoseWindowsDidNotEndHasNoCounts) {
    EXPECT_EQ(boot().why_not, "");
    EXPECT_TRUE(boot().exact);
    EXPECT_EQ(boot().index, 4u);
    mark(1);
    EXPECT_EQ(boot().why_not, "a pass did not begin or did not end");
}

TEST(BaseName, PartsOfAFunctionHaveItsName) {
    EXPECT_EQ(base_name("f.isra.0"), "f");
    EXPECT_EQ(base_name("f.cold"), "f");
    EXPECT_EQ(base_name("f"), "f");
}

} // namespace
} // namespace rig
