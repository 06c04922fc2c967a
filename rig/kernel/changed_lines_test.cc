// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/changed_lines.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/temp_tree.h"

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTenLines = "l1\nl2\nl3\nl4\nl5\nl6\nl7\nl8\nl9\nl10\n";

// Quilt series on a tree of two files, applied as rig applies them.
class ChangedLines : public ::testing::Test {
 protected:
    ChangedLines() {
        dir.put("tree/mm/a.c", kTenLines);
        dir.put("tree/mm/b.c", "x\ny\n");
    }
    Overlay overlay_of(const fs::path& folder) {
        const auto patches = read_series({folder}, dir.path());
        EXPECT_TRUE(patches) << patches.error().message;
        const auto scratch = dir / ("scratch-" + folder.filename().string());
        fs::create_directories(scratch);
        auto overlay = apply_patches(*patches, dir / "tree", scratch, runner);
        EXPECT_TRUE(overlay) << overlay.error().message;
        return overlay.value_or(Overlay{});
    }
    std::vector<ChangedFile> changes(const Overlay& before, const Overlay& after) {
        auto files = changed_lines(before, after, dir / "tree", runner);
        EXPECT_TRUE(files) << files.error().message;
        return files.value_or(std::vector<ChangedFile>{});
    }
    testing::TempTree dir;
    BoostCommandRunner runner;
};

TEST_F(ChangedLines, NumbersAreThoseOfTheTreesBeforeAndAfterAllPatches) {
    dir.put("s/series", "1.patch\n2.patch\n");
    dir.put("s/1.patch", "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,3 +1,5 @@\n l1\n+new a\n+new b\n l2\n"
                         " l3\n@@ -8,3 +10,2 @@\n l8\n-l9\n l10\n");
    // Touches the same place once more, and takes back one line of the first patch.
    dir.put("s/2.patch", "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,5 +1,5 @@\n l1\n-new a\n+new c\n"
                         "+new d\n-new b\n l2\n l3\n");
    const auto files = changes({}, overlay_of("s"));
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[0].path, "mm/a.c");
    EXPECT_EQ(*files[0].before, kTenLines);
    EXPECT_EQ(*files[0].after, "l1\nnew c\nnew d\nl2\nl3\nl4\nl5\nl6\nl7\nl8\nl10\n");
    EXPECT_EQ(files[0].hunks, (std::vector<Hunk>{{{1, 0}, {2, 2}}, {{9, 1}, {10, 0}}}));
}

TEST_F(ChangedLines, APatchThatTheNextOneRevertsChangesNothing) {
    dir.put("s/series", "1.patch\n2.patch\n");
    dir.put("s/1.patch", "--- a/mm/b.c\n+++ b/mm/b.c\n@@ -1,2 +1,3 @@\n x\n+z\n y\n");
    dir.put("s/2.patch", "--- a/mm/b.c\n+++ b/mm/b.c\n@@ -1,3 +1,2 @@\n x\n-z\n y\n");
    EXPECT_TRUE(changes({}, overlay_of("s")).empty());
}

TEST_F(ChangedLines, WhatBothArmsChangeAlikeIsNoDifference) {
    const Overlay before{{"mm/a.c", TreeFile("same\nold\n")}, {"mm/b.c", TreeFile("x\nz\n")}};
    const Overlay after{{"mm/a.c", TreeFile("same\nnew\n")}, {"mm/b.c", TreeFile("x\nz\n")}};
    const auto files = changes(before, after);
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[0].hunks, (std::vector<Hunk>{{{2, 1}, {2, 1}}}));
}

TEST_F(ChangedLines, AFileThatComesAndOneThatGoes) {
    const Overlay after{{"mm/new.c", TreeFile("int n;\nint m;\n")}, {"mm/b.c", std::nullopt}};
    const auto files = changes({}, after);
    ASSERT_EQ(files.size(), 2u);
    EXPECT_EQ(files[0].path, "mm/b.c");
    EXPECT_EQ(files[0].hunks, (std::vector<Hunk>{{{1, 2}, {0, 0}}}));
    EXPECT_FALSE(files[0].after);
    EXPECT_EQ(files[1].path, "mm/new.c");
    EXPECT_EQ(files[1].hunks, (std::vector<Hunk>{{{0, 0}, {1, 2}}}));
}

TEST_F(ChangedLines, ALastLineWithoutAnEndAndLinesThatLookLikeHunks) {
    const Overlay after{{"mm/b.c", TreeFile("@@ -1 +1 @@\nx\ny")}};
    const auto files = changes({}, after);
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[0].hunks, (std::vector<Hunk>{{{0, 0}, {1, 1}}, {{2, 1}, {3, 1}}}));
}

TEST_F(ChangedLines, OnlyPermissionsAreNoLine) {
    EXPECT_TRUE(changes({}, {{"mm/b.c", TreeFile("x\ny\n", TreeFile::Kind::Program)}}).empty());
}

TEST_F(ChangedLines, TheUsersConfigurationOfGitHasNoPartInIt) {
    dir.put("home/.gitconfig", "[diff]\n\tnoprefix = true\n\texternal = /bin/false\n"
                               "\tcontext = 7\n[color]\n\tui = always\n");
    const char* home = std::getenv("HOME");
    const std::string old = home ? home : "";
    ::setenv("HOME", (dir / "home").c_str(), 1);
    const auto files = changes({}, {{"mm/b.c", TreeFile("x\nz\n")}});
    ::setenv("HOME", old.c_str(), 1);
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[0].hunks, (std::vector<Hunk>{{{2, 1}, {2, 1}}}));
}

TEST(HunksOf, AreComparedWithTheFiles) {
    EXPECT_TRUE(hunks_of("@@ -1 +1 @@\n-a\n+b\n", "a\nc\n", "b\nc\n"));
    // Another place, lines of which there are fewer, a hunk that is missing, and no hunk at all.
    EXPECT_FALSE(hunks_of("@@ -2 +2 @@\n-a\n+b\n", "a\nc\n", "b\nc\n"));
    EXPECT_FALSE(hunks_of("@@ -1,9 +1,9 @@\n", "a\nc\n", "b\nc\n"));
    EXPECT_FALSE(hunks_of("", "a\nc\n", "b\nc\n"));
    EXPECT_FALSE(hunks_of("@@ what @@\n", "a\n", "b\n"));
    EXPECT_FALSE(hunks_of("@@ -1 +1, @@\n", "a\n", "b\n"));
    EXPECT_FALSE(hunks_of("@@ -" + std::string(1u << 20, '1') + " +1 @@\n", "a\n", "b\n"));
    EXPECT_FALSE(hunks_of("@@ -4294967295,2 +1,1 @@\n", "a\n", "b\n"));
}

} // namespace
} // namespace rig
