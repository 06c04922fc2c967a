// SPDX-License-Identifier: GPL-2.0-or-later
// Files, standard input and folders. Ranges and work trees are in git_changes_test.cc.
#include "rig/series/import_series.h"

#include "rig/testing/series_fixture.h"

#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::read_text;

constexpr const char* kCountInDigits =
    "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n";

class ImportSeries : public testing::SeriesFixture {
 protected:
    // The three commits as `git format-patch` writes them with these options.
    std::string three(const std::string& options = "") {
        commit_three();
        return git("git format-patch --stdout --no-signature " + options + " base");
    }
    static std::string mail(const std::string& subject, const std::string& text) {
        return "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: Zoe "
               "<zoe@test.example>\nSubject: " +
               subject + "\n\n" + text + "\n";
    }
    void expect_three(const Result<ImportedSeries>& series) {
        ASSERT_TRUE(series) << series.error().message;
        EXPECT_EQ(series->patches.size(), 3U);
        EXPECT_EQ(applied(), after_three());
        EXPECT_TRUE(touches_tree(*series, dir / "tree"));
    }
};

TEST_F(ImportSeries, AnMboxGivesTheSeriesItsCoverAndItsBase) {
    auto mbox = three("--cover-letter -v2 --thread --base=base -n");
    mbox += mail("Re: [PATCH v2 0/3] all", "> quoted\nApplied.");
    const auto series = import_text(mbox);
    expect_three(series);
    EXPECT_EQ(series->title, "*** SUBJECT HERE ***");
    EXPECT_EQ(series->version, (PatchVersion{2, 0}));
    EXPECT_EQ(series->base_commit + "\n", git("git rev-parse base"));
    EXPECT_NE(series->cover.find("*** BLURB HERE ***"), std::string::npos);
    EXPECT_NE(series->message_id.find("@"), std::string::npos) << series->message_id;
    EXPECT_EQ(remarks(*series), "set apart: 1 cover letter, 1 reply\n");
    EXPECT_EQ(series->patches[1].author, "Zo\xc3\xab Test <zoe@test.example>");
    EXPECT_EQ(series->patches[1].subject, "mm: add a file");
    EXPECT_EQ(series->patches[1].paths, std::vector<std::string>{"mm/new \xc3\xbc.c"});
    EXPECT_FALSE(series->base) << "a mail has no repository";
    EXPECT_TRUE(read_text(dir / "out/series").starts_with("# Imported by rig from /"));
}

TEST_F(ImportSeries, AttachmentsAndCarriageReturnsMakeNoDifference) {
    const auto attached = three("--attach -n");
    expect_three(import_text(attached));
    std::string crlf;
    for (const char c : attached)
        crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    expect_three(import_text(crlf));
}

TEST_F(ImportSeries, PrerequisitePatchesAreListed) {
    commit_three();
    const auto series = import_text(git("git format-patch --stdout --base=base HEAD~1"));
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->prerequisite_patch_ids.size(), 2U);
    EXPECT_EQ(series->title, "mm: rename b to c");
}

TEST_F(ImportSeries, AFolderOfGitFormatPatchIsOrderedByNumber) {
    commit_three();
    git("git format-patch -q -n --cover-letter -o ../mails base && cd ../mails && mv 0003-* "
        "0.patch "
        "&& echo hello > README && mkdir old");
    const auto series = import((dir / "mails").string());
    expect_three(series);
    EXPECT_EQ(remarks(*series),
              "not patches by their names: README, old\nset apart: 1 cover letter\n");
    sh("rm *add-a-file*", dir / "mails");
    fs::remove_all(dir / "out");
    EXPECT_EQ(refusal(import((dir / "mails").string())),
              "mails: 2/3 is missing, accepted: every patch of the series, or a patch without a "
              "number in its subject");
}

TEST_F(ImportSeries, AFolderOfPlainPatchesIsOrderedByNameAsLsVDoes) {
    dir.put("plain/2.diff", kCountInDigits);
    dir.put("plain/10.patch",
            "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,3 +1,3 @@\n one\n-2\n+II\n three\n");
    const auto series = import((dir / "plain").string());
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->patches[0].subject, "2.diff");
    EXPECT_EQ(applied().at("mm/a.c")->content.substr(0, 7), "one\nII\n");
    EXPECT_NE(remarks(*series).find("the subjects have no numbers"), std::string::npos);
    fs::remove_all(dir / "out");
    fs::create_directories(dir / "empty");
    EXPECT_NE(refusal(import((dir / "empty").string()))
                  .find("empty: no file 'series' and no file .patch, .diff, .mbox, .mbx, .eml"),
              std::string::npos);
    dir.put("plain/1.patch", "hello\n");
    EXPECT_NE(refusal(import((dir / "plain").string())).find("plain/1.patch:1: no 'diff --git'"),
              std::string::npos);
}

TEST_F(ImportSeries, AQuiltFolderIsTakenInTheOrderOfItsSeries) {
    dir.put("quilt/series", "# why\nb.patch -p1\na.patch # and why not\n");
    dir.put("quilt/b.patch", "From: Zoe <z@test.example>\nSubject: [PATCH 7/9] count\n\n" +
                                 std::string("text\n---\n mm/a.c | 1 +\n 1 file changed, 5 "
                                             "insertions(+)\n\n") +
                                 kCountInDigits);
    dir.put("quilt/a.patch",
            "a title\n\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,3 +1,3 @@\n one\n-2\n+II\n three\n");
    dir.put("quilt/not-listed.patch", "hello\n");
    const auto series = import((dir / "quilt").string());
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(listed(),
              (std::vector<std::string>{"0001-count.patch", "0002-a-title.patch", "series"}));
    EXPECT_EQ(applied().at("mm/a.c")->content.substr(0, 7), "one\nII\n");
    EXPECT_NE(
        remarks(*series).find("its diffstat counts 1 files, 5 insertions and 0 deletions, its "
                              "diff has 1, 1 and 1"),
        std::string::npos)
        << "an old diffstat is usual there: " << remarks(*series);
    fs::remove_all(dir / "out");
    dir.put("quilt/series", "b.patch\nc.patch\n");
    EXPECT_NE(refusal(import((dir / "quilt").string()))
                  .find("quilt/series:2: no patch 'c.patch' in this folder"),
              std::string::npos);
    dir.put("quilt/series", "b.patch -p0\n");
    EXPECT_NE(refusal(import((dir / "quilt").string()))
                  .find("quilt/series:1: found option '-p0', accepted: none or -p1"),
              std::string::npos);
    dir.put("quilt/series", "# nothing\n");
    EXPECT_EQ(refusal(import((dir / "quilt").string())), "quilt/series: lists no patch");
    dir.put("quilt/series", "two.patch\n");
    dir.put("quilt/two.patch", mail("a", kCountInDigits) + mail("b", kCountInDigits));
    EXPECT_NE(refusal(import((dir / "quilt").string())).find("quilt/two.patch: it has 2 mails"),
              std::string::npos);
}

TEST_F(ImportSeries, OnePlainPatchIsASeries) {
    commit_three();
    for (const char* command : {"git diff base HEAD", "git diff --binary --full-index base HEAD",
                                "git diff --no-renames base HEAD"}) {
        const auto series = import_text(git(command));
        ASSERT_TRUE(series) << series.error().message;
        EXPECT_EQ(applied(), after_three()) << command;
    }
    git("cp -r ../tree ../old && cp -r ../tree ../new && sed -i s/two/2/ ../new/mm/a.c");
    const auto series = import_text(sh("diff -urN old new || true", dir.path()));
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(applied().at("mm/a.c")->content.substr(0, 6), "one\n2\n");
}

TEST_F(ImportSeries, StandardInputIsReadUnlessItIsATerminal) {
    const auto from = [&](int fd) {
        return import(SeriesSource{SeriesSource::Kind::Stdin, "-", {}, fd});
    };
    dir.put("stdin", kCountInDigits);
    const int file = ::open((dir / "stdin").c_str(), O_RDONLY);
    const auto series = from(file);
    ::close(file);
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->title, "standard input");
    fs::remove_all(dir / "out");
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_TRUE(terminal >= 0 && ::grantpt(terminal) == 0 && ::unlockpt(terminal) == 0);
    const int inner = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
    EXPECT_TRUE(refusal(from(inner))
                    .starts_with("standard input: it is a terminal, accepted: a pipe "
                                 "or file with a mail or mbox"));
    ::close(inner);
    ::close(terminal);
    const int null = ::open("/dev/null", O_RDONLY);
    EXPECT_TRUE(
        refusal(from(null)).starts_with("standard input: nothing is in it, accepted: a mail"));
    ::close(null);
    EXPECT_EQ(series_source("-")->kind, SeriesSource::Kind::Stdin);
}

TEST_F(ImportSeries, AWordIsAFileAFolderOrARange) {
    using Kind = SeriesSource::Kind;
    dir.put("a..b", "x");
    EXPECT_EQ(series_source((dir / "a..b").string())->kind, Kind::File);
    EXPECT_EQ(series_source((dir / "tree").string())->kind, Kind::Folder);
    EXPECT_EQ(series_source("v7.3..HEAD", "/x")->kind, Kind::Range);
    EXPECT_EQ(series_source("v7.3..HEAD", "/x")->directory, "/x");
    EXPECT_EQ(
        series_source("../nothing.mbox").error().message,
        "'../nothing.mbox': no such file or folder, and no range of commits; accepted: a file "
        "(a mail or mbox with patches, or a unified diff), a folder of patches, '-' for "
        "standard input, or a range 'A..B' of a git repository");
    EXPECT_FALSE(series_source("HEAD"));
    EXPECT_FALSE(series_source(""));
}

TEST_F(ImportSeries, ATruncatedMboxIsRefusedWhereverItWasCut) {
    const auto mbox = three("-n");
    // Cut at every line: it is refused, or, behind the last patch's last change, complete.
    const auto last = mbox.rfind("rename to mm/c.c\n") + 17;
    std::size_t cuts = 0;
    for (auto at = mbox.find('\n', mbox.find("[PATCH 2/3]")); at < last - 1;
         at = mbox.find('\n', at + 1)) {
        const auto series = import_text(mbox.substr(0, at + 1));
        EXPECT_FALSE(series) << "cut behind "
                             << mbox.substr(0, at).substr(mbox.rfind('\n', at - 1));
        if (!series) {
            EXPECT_EQ(series.error().fault_domain, FaultDomain::Spec);
        }
        ++cuts;
    }
    EXPECT_GT(cuts, 20U);
    // In the middle of a hunk's last line.
    const auto whole = mail("[PATCH] x", kCountInDigits);
    EXPECT_EQ(import_text(whole.substr(0, whole.find("three") + 3))
                  .error()
                  .message.substr(dir.path().string().size() + 1),
              "fix.mbox:11: the patch ends early: in the hunk of line 7");
    expect_three(import_text(mbox.substr(0, last)));
}

TEST_F(ImportSeries, AMailThatWasCutOffBehindAHunkHasADiffstatThatCountsMore) {
    git("sed -i s/two/2/ mm/a.c && sed -i s/d/D/ mm/b.c && git commit -qam 'both'");
    const auto mbox = git("git format-patch --stdout --no-signature base");
    const auto second = mbox.find("diff --git a/mm/b.c");
    ASSERT_NE(second, std::string::npos);
    EXPECT_EQ(refusal(import_text(mbox.substr(0, second))),
              "fix.mbox '[PATCH] both': its diffstat counts 2 files, 2 insertions and 2 deletions, "
              "its diff has 1, 1 and 1: it was cut off or edited; accepted: all that the diffstat "
              "counts, or no diffstat");
    EXPECT_TRUE(import_text(mbox));
}

TEST_F(ImportSeries, ABrokenPatchIsNamedByFileAndLineOrMail) {
    EXPECT_EQ(refusal(import_text("--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,3 +1,3 @@\n one\n-two\n")),
              "fix.mbox:5: the patch ends early: in the hunk of line 3");
    EXPECT_EQ(
        refusal(
            import_text(mail("[PATCH 1/2] a", kCountInDigits) +
                        mail("[PATCH 2/2] b", std::string(kCountInDigits).substr(0, 52) + "x"))),
        "fix.mbox:22: found 'x' where the hunk of line 19 goes on by its header; the patch is "
        "damaged");
    const auto quoted = "From: Z <z@test.example>\nSubject: x\nContent-Transfer-Encoding: "
                        "quoted-printable\n\nx =3D\n---\n--- a/a\n+++ b/a\n@@ -1 +1,2 @@\n-=3D\n";
    EXPECT_EQ(refusal(import_text(quoted)),
              "fix.mbox, decoded:4: the patch ends early: in the hunk of line 3");
    EXPECT_TRUE(
        refusal(import_text(" \n")).starts_with("fix.mbox: nothing is in it, accepted: a mail"));
    EXPECT_EQ(refusal(import(SeriesSource{SeriesSource::Kind::File, (dir / "none").string(), {}})),
              "none: No such file or directory");
}

TEST_F(ImportSeries, WhatNoTreeCanTakeIsRefusedWithItsReason) {
    EXPECT_EQ(
        refusal(import_text("Binary files a/x and b/x differ\n" + std::string(kCountInDigits))),
        "fix.mbox:1: a binary file is changed but its content is not in the patch; 'git diff "
        "--binary' writes it");
    EXPECT_EQ(refusal(import_text("*** a/x\n--- b/x\n***************\n")),
              "fix.mbox:1: found a context diff, accepted: a unified diff ('diff -u')");
    EXPECT_EQ(
        refusal(import_text("--- /usr/src/a.c\t2026\n+++ /usr/src/b.c\n@@ -1 +1 @@\n-a\n+b\n")),
        "fix.mbox:1: found the absolute path '/usr/src/a.c', accepted: 'a/FILE' and 'b/FILE', "
        "relative to the tree");
    EXPECT_EQ(refusal(import_text("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n")),
              "fix.mbox: changes '../x', which is outside the tree");
    EXPECT_EQ(
        refusal(import_text("--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n")),
        "fix.mbox:1: no folder stands in front of the file's name, accepted: '--- a/FILE' and "
        "'+++ b/FILE' (patch -p1)");
    EXPECT_EQ(refusal(import_text(mail("x", "---\ndiff --git a/s b/s\nnew file mode 160000\nindex "
                                            "0000000..1234567\n--- /dev/null\n+++ b/s\n@@ -0,0 +1 "
                                            "@@\n+Subproject commit x\n"))),
              "fix.mbox:7: changes a submodule, accepted: files and symbolic links");
    // In a hunk, such lines are text.
    EXPECT_TRUE(
        import_text("--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,4 +1,5 @@\n one\n--- /usr/x\n+++ /usr/x\n"
                    "+x\n two\n three\n"));
}

TEST_F(ImportSeries, APatchForAnotherTreeIsFoundOut) {
    const auto series = import_text("--- a/src/main.c\n+++ b/src/main.c\n@@ -1 +1 @@\n-a\n+b\n");
    ASSERT_TRUE(series) << series.error().message;
    const auto refused = touches_tree(*series, dir / "tree");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault_domain, FaultDomain::Spec);
    EXPECT_TRUE(
        refused.error().message.starts_with("0001-fix.mbox.patch: changes src/main.c, but "))
        << refused.error().message;
    EXPECT_NE(refused.error().message.find("has no 'src'; accepted:"), std::string::npos);
}

TEST_F(ImportSeries, AnEarlierImportIsReplacedAndAFailedOneKeepsIt) {
    ASSERT_TRUE(import_text(kCountInDigits));
    const auto before = testing::fingerprint(dir / "out");
    dir.put("fix.mbox", "hello\n");
    EXPECT_FALSE(import((dir / "fix.mbox").string()));
    EXPECT_EQ(testing::fingerprint(dir / "out"), before);
    expect_three(import_text(three("-n")));
    EXPECT_EQ(listed().size(), 4U);
}

} // namespace
} // namespace rig
