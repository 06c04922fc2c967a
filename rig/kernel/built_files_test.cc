// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/built_files.h"

#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using Objects = std::vector<std::string>;

// As Kbuild writes it, with the names that are in it.
std::string command(const std::string& target, const std::string& text, const std::string& source,
                    const std::string& deps) {
    return "savedcmd_" + target + " := " + text + "\n\nsource_" + target + " := " + source +
           "\n\ndeps_" + target + " := \\\n  " + deps + " \\\n\n" + target + ": $(deps_" + target +
           ")\n";
}

class Built : public ::testing::Test {
 protected:
    Built() {
        put("mm/.a.o.cmd",
            command("mm/a.o", "gcc -c -o mm/a.o ../mm/a.c", "../mm/a.c", "../include/h.h"));
        put("entry/.image.o.cmd",
            command("entry/image.o", "gcc -c -o entry/image.o entry/image.c", "entry/image.c", ""));
        put("entry/.image.c.cmd", "savedcmd_entry/image.c := ./tool entry/v.so > entry/image.c\n");
        put("entry/.v.so.cmd",
            "savedcmd_entry/v.so := ld -o entry/v.so entry/clock.o entry/note.o\n");
        put("entry/.clock.o.cmd",
            command("entry/clock.o", "gcc -c -o entry/clock.o ../entry/clock.c", "../entry/clock.c",
                    "../entry/../lib/vdso/time.c \\\n  ../include/h.h"));
        put("entry/.note.o.cmd", command("entry/note.o", "gcc -c", "../entry/note.S", ""));
        put("drivers/.old.o.cmd",
            command("drivers/old.o", "gcc -c", "../drivers/old.c", "../include/h.h"));
        put("tools/check/.check.o.cmd",
            "cmd_x := gcc -c -o x check.c\nsource_x := check.c\ndeps_x := \\\n  " +
                (dir / "tools/check/check.c").string() + " \\\n");
        put("kernel/.bounds.s.cmd",
            command("kernel/bounds.s", "gcc -S", "../kernel/bounds.c", "../include/h.h"));
    }
    void put(const std::string& name, const std::string& text) { dir.put("obj/" + name, text); }
    Objects from(const std::string& file) const {
        return BuiltFiles(dir / "obj", dir.path(), {"mm/a.o", "entry/image.o"}).compiled_from(file);
    }
    testing::TempTree dir;
};

TEST_F(Built, WhatIsEmbeddedIsFoundThroughAllThatIsMadeFromIt) {
    EXPECT_EQ(from("entry/clock.c"), Objects{"entry/clock.o"});
    EXPECT_EQ(from("entry/note.S"), Objects{"entry/note.o"});
    EXPECT_EQ(from("lib/vdso/time.c"), Objects{"entry/clock.o"});
    EXPECT_EQ(from("mm/a.c"), Objects{"mm/a.o"});
    EXPECT_EQ(from("include/h.h"), (Objects{"entry/clock.o", "kernel/bounds.s", "mm/a.o"}));
}

TEST_F(Built, WhatAnEarlierBuildLeftDoesNotCount) {
    EXPECT_EQ(from("drivers/old.c"), Objects{});
    put("mm/.a.o.cmd", command("mm/a.o", "ld -r -o mm/a.o drivers/old.o", "../mm/a.c", ""));
    EXPECT_EQ(from("drivers/old.c"), Objects{"drivers/old.o"});
}

TEST_F(Built, ToolsAndConstants) {
    EXPECT_EQ(from("tools/check/check.c"), Objects{"tools/check/check.o"});
    EXPECT_EQ(from("kernel/bounds.c"), Objects{"kernel/bounds.s"});
}

TEST_F(Built, NamesAreWholeNames) {
    EXPECT_EQ(from("clock.c"), Objects{});
    EXPECT_EQ(from("entry/clock"), Objects{});
    EXPECT_EQ(from("try/clock.c"), Objects{});
    EXPECT_EQ(BuiltFiles(dir / "none", dir.path(), {"mm/a.o"}).compiled_from("mm/a.c"), Objects{});
}

} // namespace
} // namespace rig
