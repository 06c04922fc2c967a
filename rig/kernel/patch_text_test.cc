// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/patch_text.h"

#include "rig/base/files.h"

#include <filesystem>
#include <gtest/gtest.h>

namespace rig {
namespace {

using Lines = std::vector<unsigned>;

constexpr const char* kHead = "--- a/mm/a.c\n+++ b/mm/a.c\n";

std::string refusal(const std::string& text) {
    const auto changes = changes_in(text, "s/p");
    if (changes) return "accepted";
    EXPECT_EQ(changes.error().fault_domain, FaultDomain::Spec);
    return changes.error().message;
}

TEST(PatchText, FindsWhereEachFileBegins) {
    const auto changes =
        changes_in("Subject: x\nContent-Transfer-Encoding: 8bit\n\nWords.\n---\n mm/a.c | 2 +-\n\n"
                   "diff --git a/mm/a.c b/mm/a.c\nindex 1..2 100644\n--- a/mm/a.c\n+++ b/mm/a.c\n"
                   "@@ -1,2 +1,3 @@ void f()\n one\n--- two\n+++ 2\n+3\n@@ -9 +10 @@\n-x\n"
                   "\\ No newline at end of file\n+y\n\\ No newline at end of file\n"
                   "diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n"
                   "--- a/old\n+++ b/old\n@@ -0,0 +1 @@\n+x\n-- \n2.39.5\n",
                   "s/p");
    ASSERT_TRUE(changes) << changes.error().message;
    // A "---" after a change without hunks belongs to that change.
    EXPECT_EQ(*changes, (Lines{8, 22}));
    EXPECT_EQ(changes_in(std::string(kHead) + "@@ -1 +1 @@\n-a\n+b\n--- a/b\n+++ b/b\n@@ -1 +1 "
                                              "@@\n-a\n+b\n",
                         "s/p")
                  .value(),
              (Lines{1, 6}));
}

TEST(PatchText, NamesHowATextWasEncodedOrQuoted) {
    EXPECT_EQ(refusal("From: a\nContent-Transfer-Encoding: quoted-printable\n\n--- a/a\n+++ b/a\n"
                      "@@ -1 +1 @@\n-a =3D 1\n+a =3D 2\n"),
              "s/p:2: the mail is quoted-printable encoded, accepted: plain text ('git mailinfo' "
              "decodes it)");
    EXPECT_TRUE(refusal("content-transfer-encoding: BASE64\n\nLS0tIGEv\n")
                    .starts_with("s/p:1: the mail is base64 encoded"));
    EXPECT_TRUE(refusal("\n<!DOCTYPE HTML>\n<pre>--- a/x").starts_with("s/p:2: an HTML page"));
    EXPECT_TRUE(refusal("On Monday A wrote:\n> diff --git a/x b/x\n> --- a/x\n> +++ b/x\n")
                    .starts_with("s/p:2: a reply that quotes a patch"));
    EXPECT_TRUE(refusal(std::string("\xff\xfe-\0-\0", 6)).starts_with("s/p:1: the file is UTF-16"));
    EXPECT_TRUE(refusal("\xef\xbb\xbf" + std::string(kHead)).find("byte order mark") !=
                std::string::npos);
    EXPECT_TRUE(refusal("\x1b[1mdiff --git a/x b/x\x1b[m\n").starts_with("s/p:1: colours"));
    EXPECT_TRUE(refusal("\x1f\x8b\x08").starts_with("s/p:1: the file is compressed"));
    EXPECT_TRUE(refusal("just words\n").find("not a unified diff") != std::string::npos);
    EXPECT_TRUE(refusal("").find("not a unified diff") != std::string::npos);
}

TEST(PatchText, SaysWhereAPatchEndsEarly) {
    const std::string hunk = std::string(kHead) + "@@ -1,3 +1,3 @@\n one\n-two\n+2\n";
    EXPECT_EQ(refusal(hunk), "s/p:6: the patch ends early: in the hunk of line 3");
    EXPECT_EQ(refusal(hunk + " thr"), "s/p:7: the patch ends early: in the hunk of line 3");
    EXPECT_EQ(refusal(kHead), "s/p:2: the patch ends early: behind '---' and '+++'");
    EXPECT_EQ(refusal(hunk + " three\n"), "accepted");
    EXPECT_EQ(refusal(hunk + " three\n-- \n2.3"), "accepted");
}

TEST(PatchText, NothingIsPassedOver) {
    const std::string good = std::string(kHead) + "@@ -1 +1 @@\n-a\n+b\n";
    EXPECT_TRUE(refusal(good + "Binary files a/x and b/x differ\n").starts_with("s/p:6: a binary"));
    EXPECT_TRUE(refusal(good + "Only in b/mm: new.c\n").starts_with("s/p:6: a file that only one"));
    EXPECT_TRUE(refusal(good + "*** a/x\n--- b/x\n***************\n")
                    .starts_with("s/p:6: found a "
                                 "context diff"));
    EXPECT_TRUE(refusal(good + "diff --git a/x b/x\n").starts_with("s/p:6: found 'diff --git'"));
    EXPECT_TRUE(refusal(good + "+c\n").starts_with("s/p:6: the hunk of line 3 has more lines"));
    EXPECT_TRUE(refusal(good + "-c\n").starts_with("s/p:6: the hunk of line 3 has more lines"));
    EXPECT_TRUE(refusal(std::string(kHead) + "@@ -1,2 +1 @@\n-a\nwords\n")
                    .starts_with("s/p:5: found 'words' where the hunk of line 3"));
    EXPECT_TRUE(refusal(std::string(kHead) + "@@ -x +1 @@\n").starts_with("s/p:3: found '@@ -x"));
}

TEST(PatchText, ReadsEveryShippedPatch) {
    namespace fs = std::filesystem;
    unsigned patches = 0;
    for (const auto& entry : fs::recursive_directory_iterator(RIG_TOP "/kernel-patches")) {
        if (entry.path().extension() != ".patch") continue;
        const auto changes = changes_in(slurp(entry.path()), entry.path().string());
        EXPECT_TRUE(changes) << changes.error().message;
        ++patches;
    }
    EXPECT_GT(patches, 20U);
}

} // namespace
} // namespace rig
