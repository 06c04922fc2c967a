// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/patch_series.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/temp_tree.h"

namespace rig {
namespace {

using testing::TempTree;

constexpr const char* kChange = "Subject: double the second line\n\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ "
                                "-1,3 +1,3 @@\n one\n-two\n+two two\n three\n";
constexpr const char* kStale = "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n "
                               "three\n@@ -8,3 +8,3 @@\n eight\n-never there\n+9\n ten\n";

class PatchSeries : public ::testing::Test {
 protected:
    PatchSeries() {
        dir.put("tree/mm/a.c", "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n");
        dir.put("tree/mm/b.c", "b\n");
        dir.put("tree/mm/c.c", "c\n");
    }
    Result<Overlay> apply(const std::map<std::string, std::string>& patches) {
        std::string series = "# reasons\n\n";
        for (const auto& [name, text] : patches) {
            dir.put("s/" + name, text);
            series += name + "\n";
        }
        dir.put("s/series", series);
        auto list = read_series({"s"}, dir.path());
        EXPECT_TRUE(list);
        std::filesystem::create_directories(dir / "scratch");
        const auto before = testing::fingerprint(dir / "tree");
        auto overlay = apply_patches(*list, dir / "tree", dir / "scratch", runner);
        EXPECT_EQ(testing::fingerprint(dir / "tree"), before) << "the pristine tree was written to";
        return overlay;
    }
    std::string refusal(const std::map<std::string, std::string>& patches) {
        std::filesystem::remove_all(dir / "scratch");
        const auto overlay = apply(patches);
        if (overlay) return "accepted";
        EXPECT_EQ(overlay.error().fault_domain, FaultDomain::Spec);
        return overlay.error().message;
    }
    static std::string added(const std::string& name) {
        return "--- /dev/null\n+++ " + name + "\n@@ -0,0 +1 @@\n+x\n";
    }
    static std::string link(const std::string& name, const std::string& target) {
        return "diff --git a/" + name + " b/" + name +
               "\nnew file mode 120000\nindex 0000000..1234567\n--- /dev/null\n+++ b/" + name +
               "\n@@ -0,0 +1 @@\n+" + target + "\n\\ No newline at end of file\n";
    }
    TempTree dir;
    BoostCommandRunner runner;
};

TEST_F(PatchSeries, ReadsSeriesInOrderWithCommentsAndStrip) {
    dir.put("s/series", "# first\n\nb.patch\n a.patch -p1 # why\n");
    dir.put("s/a.patch", kChange);
    dir.put("s/b.patch", kChange);
    dir.put("t/series", "c.patch\n");
    dir.put("t/c.patch", kChange);
    const auto list = read_series({"s", "t"}, dir.path());
    ASSERT_TRUE(list);
    std::vector<std::string> names;
    for (const auto& patch : *list)
        names.push_back(patch.name);
    EXPECT_EQ(names, (std::vector<std::string>{"s/b.patch", "s/a.patch", "t/c.patch"}));
    EXPECT_EQ((*list)[1].text, kChange);
}

TEST_F(PatchSeries, ErrorsNameFileAndLine) {
    dir.put("s/series", "# x\nmissing.patch\n");
    auto list = read_series({"s"}, dir.path());
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(list.error().message.find("s/series:2: no patch 'missing.patch'"), std::string::npos)
        << list.error().message;
    dir.put("s/a.patch", kChange);
    for (const char* options : {"-R", "-p1 -R", "-R -p1"}) {
        dir.put("s/series", std::string("a.patch ") + options + "\n");
        list = read_series({"s"}, dir.path());
        ASSERT_FALSE(list) << options;
        EXPECT_NE(list.error().message.find("s/series:1: found option '-R'"), std::string::npos)
            << list.error().message;
    }
    EXPECT_EQ(read_series({"none"}, dir.path()).error().fault_domain, FaultDomain::Spec);
    // A path that cannot be examined, and a byte order mark from an editor.
    std::filesystem::create_symlink("loop.patch", dir / "s/loop.patch");
    dir.put("s/series", "a.patch\nloop.patch\n");
    list = read_series({"s"}, dir.path());
    ASSERT_FALSE(list);
    EXPECT_NE(
        list.error().message.find("s/series:2: no patch 'loop.patch' in this folder: Too many "
                                  "levels"),
        std::string::npos)
        << list.error().message;
    dir.put("s/series", "\xef\xbb\xbf"
                        "a.patch\n");
    list = read_series({"s"}, dir.path());
    ASSERT_FALSE(list);
    EXPECT_NE(list.error().message.find("s/series:1: the file begins with a byte order mark"),
              std::string::npos)
        << list.error().message;
}

TEST_F(PatchSeries, ChangesCreatesAndDeletesOnCopies) {
    const auto overlay =
        apply({{"1.patch", kChange},
               {"2.patch", "--- /dev/null\n+++ b/mm/new/n.c\n@@ -0,0 +1 @@\n+new\n"},
               {"3.patch", "--- a/mm/b.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n"}});
    ASSERT_TRUE(overlay) << overlay.error().message;
    EXPECT_EQ(
        *overlay,
        (Overlay{{"mm/a.c", "one\ntwo two\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n"},
                 {"mm/b.c", std::nullopt},
                 {"mm/new/n.c", "new\n"}}));
}

TEST_F(PatchSeries, ALaterPatchSeesAnEarlierOne) {
    const auto overlay = apply(
        {{"1.patch", kChange},
         {"2.patch", "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,3 +1,3 @@\n one\n-two two\n+2\n three\n"}});
    ASSERT_TRUE(overlay) << overlay.error().message;
    EXPECT_TRUE(overlay->at("mm/a.c")->content.starts_with("one\n2\nthree\n"));
}

TEST_F(PatchSeries, AppliesGitRenames) {
    const auto overlay = apply({{"1.patch", "diff --git a/mm/b.c b/mm/moved.c\nsimilarity index "
                                            "100%\nrename from mm/b.c\nrename to mm/moved.c\n"}});
    ASSERT_TRUE(overlay) << overlay.error().message;
    EXPECT_EQ(*overlay, (Overlay{{"mm/b.c", std::nullopt}, {"mm/moved.c", "b\n"}}));
}

TEST_F(PatchSeries, APatchThatDoesNotApplyIsNamedWithHunkLineAndFile) {
    const auto overlay = apply({{"good.patch", "--- a/mm/c.c\n+++ b/mm/c.c\n@@ -1 +1 @@\n-c\n+C\n"},
                                {"stale.patch", kStale}});
    ASSERT_FALSE(overlay);
    EXPECT_EQ(overlay.error().fault_domain, FaultDomain::Spec);
    EXPECT_EQ(overlay.error().message, "s/stale.patch: hunk 2 (line 8) does not apply to mm/a.c");
    EXPECT_EQ(overlay.error().log, dir / "s/stale.patch");
}

TEST_F(PatchSeries, ShiftedContextAppliesButFuzzDoesNot) {
    // An offset of two lines is accepted: the tree has moved. A different context line is not: rig
    // does not guess.
    EXPECT_TRUE(apply(
        {{"1.patch", "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -2,3 +2,3 @@\n six\n-seven\n+7\n eight\n"}}));
    std::filesystem::remove_all(dir / "scratch");
    const auto fuzzy = apply({{"1.patch", "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -5,5 +5,5 @@\n FIVE\n "
                                          "six\n-seven\n+7\n eight\n nine\n"}});
    ASSERT_FALSE(fuzzy);
    EXPECT_NE(fuzzy.error().message.find("hunk 1 (line 5)"), std::string::npos)
        << fuzzy.error().message;
}

TEST_F(PatchSeries, SaysWhenAPatchIsAlreadyAppliedOrItsFileMissing) {
    const auto twice = apply({{"1.patch", kChange}, {"2.patch", kChange}});
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().message, "s/2.patch: it is already applied to mm/a.c");
    std::filesystem::remove_all(dir / "scratch");
    const auto missing =
        apply({{"1.patch", "--- a/mm/none.c\n+++ b/mm/none.c\n@@ -1 +1 @@\n-x\n+y\n"}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(missing.error().message.find("not in the tree"), std::string::npos)
        << missing.error().message;
}

TEST_F(PatchSeries, RefusesPathsOutsideTheTreeAndTextThatIsNoPatch) {
    for (const char* target : {"b/../../etc/passwd", "b//etc/passwd", "b/mm/../../x"}) {
        EXPECT_NE(
            refusal({{"p", std::string("--- /dev/null\n+++ ") + target + "\n@@ -0,0 +1 @@\n+x\n"}})
                .find("which is outside the tree"),
            std::string::npos)
            << target;
    }
    EXPECT_NE(refusal({{"p", "just words\n"}}).find("s/p:1: "), std::string::npos);
    EXPECT_NE(refusal({{"p", added("\"b/a\\nb\"")}}).find("line break"), std::string::npos);
}

// Below the work tree of another repository, plain `git apply` skips every file and returns 0.
TEST_F(PatchSeries, AppliesBelowAnotherRepositoryToo) {
    Command init;
    init.argv = {"git", "init", "-q", dir.path().string()};
    ASSERT_TRUE(runner.run(init)->ok());
    ::setenv("GIT_DIR", (dir / ".git").c_str(), 1);
    const auto overlay =
        apply({{"1.patch", std::string("diff --git a/mm/a.c b/mm/a.c\n") +
                               std::string(kChange).substr(std::string(kChange).find("---"))}});
    ::unsetenv("GIT_DIR");
    ASSERT_TRUE(overlay) << overlay.error().message;
    EXPECT_TRUE(overlay->at("mm/a.c")->content.starts_with("one\ntwo two\n"));
}

TEST_F(PatchSeries, AppliesWhatHasNoLines) {
    const auto overlay = apply(
        {{"1.patch", "diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n"
                     "diff --git \"a/d/\\303\\244.c\" \"b/d/\\303\\244.c\"\nnew file mode 100644\n"
                     "index 0000000..e69de29\n--- /dev/null\n+++ \"b/d/\\303\\244.c\"\n"
                     "@@ -0,0 +1 @@\n+x\n"
                     "diff --git a/mm/b.c b/mm/b.c\nold mode 100644\nnew mode 100755\n" +
                         std::string("diff --git a/mm/c.c b/mm/c.c\nold mode 100644\n"
                                     "new mode 100755\nindex 1..2\n--- a/mm/c.c\n+++ b/mm/c.c\n"
                                     "@@ -1 +1 @@\n-c\n+C\n")}});
    ASSERT_TRUE(overlay) << overlay.error().message;
    EXPECT_EQ(*overlay, (Overlay{{"e", ""},
                                 {"d/\303\244.c", "x\n"},
                                 {"mm/b.c", TreeFile("b\n", TreeFile::Kind::Program)},
                                 {"mm/c.c", TreeFile("C\n", TreeFile::Kind::Program)}}));
}

TEST_F(PatchSeries, LinksAreLinksAndLeadNowhereElse) {
    std::filesystem::create_symlink("b.c", dir / "tree/mm/old");
    auto overlay = apply({{"1.patch", link("mm/new", "../mm/a.c")},
                          {"2.patch", "diff --git a/mm/old b/mm/old\ndeleted file mode 120000\n"
                                      "index 1..0\n--- a/mm/old\n+++ /dev/null\n@@ -1 +0,0 @@\n"
                                      "-b.c\n\\ No newline at end of file\n"}});
    ASSERT_TRUE(overlay) << overlay.error().message;
    EXPECT_EQ(*overlay, (Overlay{{"mm/new", TreeFile("../mm/a.c", TreeFile::Kind::Link)},
                                 {"mm/old", std::nullopt}}));
    for (const char* target :
         {"/etc/hostname", "/dev/zero", "../../x", "../mm/../../x", "old/../../x"})
        EXPECT_NE(refusal({{"1.patch", link("mm/new", target)}})
                      .find(std::string("s/1.patch: makes 'mm/new' a symbolic link to '") + target),
                  std::string::npos)
            << target;
    // Nothing is changed through a symbolic link, whether of the tree or of a patch.
    std::filesystem::create_directory_symlink("mm", dir / "tree/mm2");
    EXPECT_NE(refusal({{"1.patch", added("b/mm2/new.c")}}).find("'mm2' is a symbolic link"),
              std::string::npos);
    EXPECT_NE(refusal({{"1.patch", link("mm3", "mm")}, {"2.patch", added("b/mm3/new.c")}})
                  .find("beyond a symbolic link"),
              std::string::npos);
    EXPECT_NE(refusal({{"1.patch", added("b/mm")}}).find("'mm', which is a folder"),
              std::string::npos);
    EXPECT_NE(refusal({{"1.patch", added("b/mm/a.c/x")}}).find("'mm/a.c' is no folder"),
              std::string::npos);
    EXPECT_NE(refusal({{"1.patch", "diff --git a/sub b/sub\nnew file mode 160000\n--- /dev/null\n"
                                   "+++ b/sub\n@@ -0,0 +1 @@\n+Subproject commit " +
                                       std::string(40, '1') + "\n"}})
                  .find("submodule"),
              std::string::npos);
}

TEST_F(PatchSeries, BinaryFilesComeWithTheirContentOrNotAtAll) {
    EXPECT_NE(refusal({{"1.patch", "diff --git a/mm/b.c b/mm/b.c\nindex 1234567..89abcde 100644\n"
                                   "Binary files a/mm/b.c and b/mm/b.c differ\n"}})
                  .find("s/1.patch:3: a binary file"),
              std::string::npos);
}

TEST_F(PatchSeries, AFolderMayTakeTheNameOfAFile) {
    const auto overlay = apply(
        {{"1.patch", "diff --git a/mm/b.c b/mm/b.c\ndeleted file mode 100644\n--- a/mm/b.c\n"
                     "+++ /dev/null\n@@ -1 +0,0 @@\n-b\ndiff --git a/mm/b.c/x b/mm/b.c/x\n"
                     "new file mode 100644\n--- /dev/null\n+++ b/mm/b.c/x\n@@ -0,0 +1 @@\n+x\n"}});
    ASSERT_TRUE(overlay) << overlay.error().message;
    EXPECT_EQ(*overlay, (Overlay{{"mm/b.c", std::nullopt}, {"mm/b.c/x", "x\n"}}));
}

TEST_F(PatchSeries, ChangesWithoutContextAreNamedAsSuch) {
    EXPECT_NE(refusal({{"1.patch", "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -5 +5 @@\n-five\n+5\n"}})
                  .find("s/1.patch: its changes of mm/a.c have no lines around them"),
              std::string::npos);
}

TEST_F(PatchSeries, LineEndsOfAMailAreNotThePatches) {
    std::string crlf;
    for (const char c : std::string(kChange))
        crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    const auto overlay = apply({{"1.patch", crlf}});
    ASSERT_TRUE(overlay) << overlay.error().message;
    EXPECT_TRUE(overlay->at("mm/a.c")->content.starts_with("one\ntwo two\nthree\n"));
}

TEST_F(PatchSeries, AnInterruptIsNotThePatchesFault) {
    std::stop_source stop;
    stop.request_stop();
    runner = BoostCommandRunner(stop.get_token());
    const auto overlay = apply({{"1.patch", kChange}});
    ASSERT_FALSE(overlay);
    EXPECT_EQ(overlay.error().fault_domain, FaultDomain::Host);
}

TEST_F(PatchSeries, WhatAPatchTouchesIsKnownWithoutATree) {
    std::filesystem::create_directories(dir / "scratch");
    const auto extent = [&](const std::string& text) {
        return patch_extent({"x.patch", "x.patch", text}, dir / "scratch", runner);
    };
    const auto renamed = extent(
        std::string(kStale) +
        "diff --git a/mm/b.c b/mm/d.c\nsimilarity index 100%\nrename from mm/b.c\nrename to "
        "mm/d.c\n"
        "diff --git a/x.bin b/x.bin\nnew file mode 100644\nindex 0000000000000000000000000000000000"
        "000000..bdc955b7b2e610ad5a72302b139a2e6cb325519a\nGIT binary patch\nliteral 2\nJcmZQz1ONa7"
        "00IC2\n\nliteral 0\nHcmV?d00001\n\n");
    ASSERT_TRUE(renamed) << renamed.error().message;
    EXPECT_EQ(renamed->paths, (std::set<std::string>{"mm/a.c", "mm/b.c", "mm/d.c", "x.bin"}));
    EXPECT_EQ(renamed->files, 3U);
    EXPECT_EQ(renamed->added, 2U);
    EXPECT_EQ(renamed->removed, 2U);
    const auto bare = extent("--- a.c\n+++ a.c\n@@ -1 +1 @@\n-a\n+b\n");
    ASSERT_FALSE(bare);
    EXPECT_EQ(bare.error().fault_domain, FaultDomain::Spec);
    EXPECT_EQ(bare.error().message,
              "x.patch:1: no folder stands in front of the file's name, accepted: '--- a/FILE' and "
              "'+++ b/FILE' (patch -p1)");
}

} // namespace
} // namespace rig
