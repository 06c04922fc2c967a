// SPDX-License-Identifier: GPL-2.0-or-later
// LineReasons is covered by line_map_test.cc.
#include "rig/kernel/line_facts.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

TEST(KeptLines, AreThoseThatThePreprocessorPrinted) {
    constexpr std::string_view text = "# 0 \"../mm/a.c\"\n# 0 \"<built-in>\"\n#define A 1\n"
                                      "# 1 \"../mm/a.c\"\n# 1 \"../include/h.h\" 1\nint h;\n"
                                      "# 2 \"../mm/a.c\" 2\nint a;\n\n  \nint b;\n"
                                      "# 20 \"../mm/../mm/a.c\"\nint c;\n";
    using Numbers = std::vector<unsigned>;
    EXPECT_EQ(kept_lines(text, "/t/obj", "/t", "mm/a.c"), (Numbers{2, 5, 20}));
    EXPECT_EQ(kept_lines(text, "/t/obj", "/t", "include/h.h"), (Numbers{1}));
    EXPECT_EQ(kept_lines(text, "/t/obj", "/t", "mm/b.c"), Numbers{});
    EXPECT_EQ(kept_lines("", "/t/obj", "/t", "mm/b.c"), Numbers{});
    EXPECT_EQ(kept_lines("# 99999999999 \"../mm/a.c\"\nint a;\n", "/t/obj", "/t", "mm/a.c"),
              Numbers{0});
    EXPECT_EQ(
        kept_lines("# 5 \"../lib/vdso/../../mm/a.c\" 1 3\nint a;\n", "/t/obj", "/t", "mm/a.c"),
        Numbers{5});
    // What is no marker is a line.
    EXPECT_EQ(kept_lines("# 7 \"../mm/a.c\"\n# x \"y\"\n#pragma a\n# 9\n# 9 \"\n# 9 y\nint a;\n",
                         "/t/obj", "/t", "mm/a.c"),
              (Numbers{7, 8, 9, 10, 11, 12}));
}

TEST(KeptLines, AnEndlessMarkerIsNoOverflowOfTheStack) {
    const std::string digits(1u << 20, '9'), name(1u << 20, 'x');
    EXPECT_EQ(kept_lines("# " + digits + " \"../mm/a.c\"\nint a;\n", "/t/obj", "/t", "mm/a.c"),
              std::vector<unsigned>{0});
    EXPECT_TRUE(kept_lines("# 1 \"" + name + "\"\nint a;\n", "/t/obj", "/t", "mm/a.c").empty());
}

} // namespace
} // namespace rig
