// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/console_line.h"

#include <gtest/gtest.h>
#include <vector>

namespace rig {
namespace {

std::vector<std::string> lines_of(std::string_view bytes, std::size_t piece) {
    ConsoleLines lines;
    std::vector<std::string> all;
    const auto take = [&](std::string line) { all.push_back(std::move(line)); };
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        lines.feed(bytes.substr(at, piece), take);
    lines.finish(take);
    return all;
}

TEST(ConsoleLine, LinesAreTheSameHoweverTheBytesArrive) {
    const std::string bytes =
        "one\r\n\x1b[1;31mtwo\x1b[0m\n\n\xff\xc3\xa4three\tand\x07 more\nno end";
    const std::vector<std::string> want{"one", "two", "", "three and more", "no end"};
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
        EXPECT_EQ(lines_of(bytes, piece), want) << piece;
}

TEST(ConsoleLine, AnUnfinishedEscapeSequenceEndsWithItsLine) {
    EXPECT_EQ(lines_of("a\x1b[31;\nBUG: b\n\x1b]0;title\nBUG: c\n\x1b\nBUG: d\n", 5),
              (std::vector<std::string>{"a", "BUG: b", "", "BUG: c", "", "BUG: d"}));
}

TEST(ConsoleLine, ALineOfAnyLengthIsCut) {
    const auto lines = lines_of(std::string(5'000'000, 'x') + "\nnext\n", 4096);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].size(), kMaxConsoleLine);
    EXPECT_EQ(lines[1], "next");
}

TEST(ConsoleLine, StampAndCallerAreTakenOff) {
    const auto line = parse_console_line("[   12.345678][   T44]  dump_stack_lvl+0x5d/0x80");
    EXPECT_DOUBLE_EQ(line.seconds.value(), 12.345678);
    EXPECT_EQ(line.caller, "T44");
    EXPECT_EQ(line.text, " dump_stack_lvl+0x5d/0x80");
    EXPECT_EQ(line.shown, "[   12.345678][   T44]  dump_stack_lvl+0x5d/0x80");
    EXPECT_EQ(parse_console_line("[    0.000000] Linux").text, "Linux");
    EXPECT_EQ(parse_console_line("[    0.000000] Linux").caller, "");
    EXPECT_EQ(parse_console_line("[ 1.0][ C3] x").caller, "C3");
}

TEST(ConsoleLine, OtherBracketsAreText) {
    for (const char* text : {"plain", "[ OK ] Started", "[12] x", "[  1.] x", "[T44] x", "[1.0",
                             "[99999999999.0] x", "[", "[ ", "[1.00000000000] x"}) {
        const auto line = parse_console_line(text);
        EXPECT_FALSE(line.seconds) << text;
        EXPECT_EQ(line.text, text);
    }
    EXPECT_EQ(parse_console_line("[ 1.0][ X3] x").text, "[ X3] x");
    EXPECT_EQ(parse_console_line("[ 1.0][ T] x").text, "[ T] x");
}

// A program's prompt has no newline; the kernel's message follows on the same line.
TEST(ConsoleLine, AStampBehindOtherTextCounts) {
    const auto line = parse_console_line("guest# [   12.345678][   T44] BUG: x");
    EXPECT_EQ(line.text, "BUG: x");
    EXPECT_EQ(line.caller, "T44");
    EXPECT_FALSE(parse_console_line("took [1.5] s").seconds); // printk writes six decimals
}

} // namespace
} // namespace rig
