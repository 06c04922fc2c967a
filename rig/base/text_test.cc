// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/text.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

TEST(Text, WidthCountsCodePoints) {
    EXPECT_EQ(display_width("µs ×✔"), 5u);
    EXPECT_EQ(padded("µ", 3), "µ  ");
    EXPECT_EQ(padded("long", 2), "long");
}

TEST(Text, WrapsAtBlanks) {
    EXPECT_EQ(wrapped("one two", 7, 2), "one two");
    EXPECT_EQ(wrapped("one two three", 7, 2), "one two\n  three");
    EXPECT_EQ(wrapped("one two three four", 8, 2), "one two\n  three\n  four");
    EXPECT_EQ(wrapped("  one two", 6, 4), "  one\n    tw\n    o"); // the indent leaves two columns
    EXPECT_EQ(wrapped("abcdefgh", 3, 0), "abc\ndef\ngh");
    EXPECT_EQ(wrapped("µµµ µµµ", 3, 0), "µµµ\nµµµ");
    EXPECT_EQ(wrapped("", 3, 0), "");
}

TEST(Text, ControlCharactersDoNotReachTheTerminal) {
    EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
    EXPECT_EQ(printable("\xC2\x9B"
                        "31m µ ✔"),
              "??31m µ ✔"); // a CSI in C1
}

TEST(Text, TrimmingTakesBlanksOffBothEnds) {
    EXPECT_EQ(trimmed("  on bystander CPUs "), "on bystander CPUs");
    EXPECT_EQ(trimmed("a"), "a");
    EXPECT_EQ(trimmed("   "), "");
    EXPECT_EQ(trimmed(""), "");
}

TEST(Text, OnlyPrintableAsciiIsKeptOfWhatAGuestPrints) {
    EXPECT_EQ(printable_ascii("a\x1b[2Jb\nµ~"), "a?[2Jb???~");
    EXPECT_EQ(printable_ascii("abcdef", 3), "abc");
}

} // namespace
} // namespace rig
