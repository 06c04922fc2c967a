// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/mail.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/temp_tree.h"

namespace rig {
namespace {

using testing::TempTree;

constexpr const char* kMailDiff =
    "diff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1 @@\n-a = 1;\n+a = 2;\n";
const std::string kMailBody =
    std::string("A reason.\n---\n mm/a.c | 2 +-\n\n") + kMailDiff + "-- \n2.39.5\n";
constexpr const char* kFromLine = "From 0123456789 Mon Sep 17 00:00:00 2001\n";
constexpr const char* kMailHead = "From: Zoe <zoe@test.example>\nSubject: [PATCH] mm: x\n";

class MailTest : public ::testing::Test {
 protected:
    Result<std::vector<Mail>> read(const std::string& text) {
        std::filesystem::remove_all(dir / "scratch");
        std::filesystem::create_directories(dir / "scratch");
        return read_mails(text, "fix.mbox", dir / "scratch", runner);
    }
    Mail one(const std::string& text) {
        const auto mails = read(text);
        EXPECT_TRUE(mails) << mails.error().message;
        EXPECT_EQ(mails ? mails->size() : 0U, 1U);
        return mails && !mails->empty() ? (*mails)[0] : Mail{};
    }
    std::string refusal(const std::string& text) {
        const auto mails = read(text);
        if (mails) return "accepted";
        EXPECT_EQ(mails.error().fault_domain, FaultDomain::Spec);
        return mails.error().message;
    }
    // A part of a multipart mail.
    static std::string part(const std::string& type, const std::string& text) {
        return "--xx\nContent-Type: " + type + "\n\n" + text + "\n";
    }
    static std::string with_crlf(const std::string& text) {
        std::string out;
        for (const char c : text)
            out += c == '\n' ? std::string("\r\n") : std::string(1, c);
        return out;
    }
    TempTree dir;
    BoostCommandRunner runner;
};

TEST_F(MailTest, AMailHasAHeaderAMessageNotesAndAPatch) {
    const auto mail =
        one(std::string(kFromLine) + kMailHead + "Date: Fri, 2 Jan 2026 03:04:05 +0000\n" +
            "Message-ID:\n <20260102.1@test.example>\n\n" + kMailBody);
    EXPECT_EQ(mail.subject, "[PATCH] mm: x");
    EXPECT_EQ(mail.author, "Zoe <zoe@test.example>");
    EXPECT_EQ(mail.date, "Fri, 2 Jan 2026 03:04:05 +0000");
    EXPECT_EQ(mail.message_id, "20260102.1@test.example") << "the header is folded";
    EXPECT_EQ(mail.message, "A reason.\n");
    EXPECT_EQ(mail.notes, "---\n mm/a.c | 2 +-\n\n");
    EXPECT_TRUE(mail.patch.starts_with(std::string(kMailDiff) + "-- \n2.39.5\n")) << mail.patch;
    EXPECT_EQ(mail.name, "fix.mbox");
    EXPECT_EQ(mail.line, 11U) << "so that messages name lines of the user's file";
    const auto text = patch_file_text(mail);
    EXPECT_TRUE(text.starts_with("From: Zoe <zoe@test.example>\nDate: Fri, 2 Jan 2026 03:04:05 "
                                 "+0000\nSubject: [PATCH] mm: x\nMessage-ID: "
                                 "<20260102.1@test.example>\n\nA reason.\n---\n"))
        << text;
}

TEST_F(MailTest, DecodesHeadersQuotedPrintableAndBase64) {
    const std::string head =
        "From: =?utf-8?q?Zo=C3=AB?= <zoe@test.example>\nSubject: [PATCH v2 2/3] =?utf-8?b?w6k=?=\n"
        " goes on\nContent-Type: text/plain; charset=utf-8\n";
    const auto quoted =
        one(head + "Content-Transfer-Encoding: quoted-printable\n\nA =3D reason.\n---\ndiff --git "
                   "a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1 @@\n-a =3D 1;\n+a =\n"
                   "=3D 2;\n");
    EXPECT_EQ(quoted.subject, "[PATCH v2 2/3] \xc3\xa9 goes on");
    EXPECT_EQ(quoted.author, "Zo\xc3\xab <zoe@test.example>");
    EXPECT_EQ(quoted.patch, kMailDiff);
    EXPECT_EQ(quoted.name, "fix.mbox, decoded") << "its lines are not those of the file";
    EXPECT_EQ(quoted.line, 0U);
    // "A reason.\r\n---\r\n" and the diff with CR LF, as Outlook sends it.
    dir.put("plain", with_crlf("A reason.\n---\n" + std::string(kMailDiff)));
    Command command;
    command.argv = {"base64", (dir / "plain").string()};
    const auto encoded =
        one(head + "Content-Transfer-Encoding: base64\n\n" + runner.run(command)->out);
    EXPECT_EQ(encoded.patch, kMailDiff);
    EXPECT_EQ(encoded.message, "A reason.\n");
}

TEST_F(MailTest, CarriageReturnsOnEveryLineAreTheMailProgramsButOnSomeThePatchs) {
    const auto whole = std::string(kFromLine) + kMailHead + "\n" + kMailBody;
    const auto mail = one(with_crlf(whole));
    EXPECT_TRUE(mail.patch.starts_with(kMailDiff)) << mail.patch;
    EXPECT_EQ(mail.name, "fix.mbox");
    EXPECT_TRUE(one(with_crlf(kMailDiff)).patch == kMailDiff) << "a plain patch";
    const std::string mixed = "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1 +1 @@\n-a\r\n+b\r\n";
    EXPECT_EQ(one(mixed).patch, mixed) << "a file with CR LF is patched";
    EXPECT_EQ(one(kMailHead + std::string("\n---\n") + mixed).patch, mixed);
}

TEST_F(MailTest, AnMboxIsSplitAndItsMailsAreCounted) {
    const auto one = std::string(kFromLine) + kMailHead + "\n" + kMailBody;
    const auto mails =
        read("\n\n" + one + "\n" + one + "\n" + kFromLine + "From: M <m@test.example>\n" +
             "Subject: Re: [PATCH] mm: x\n\n> " + kMailDiff + "Applied, thanks.\n");
    ASSERT_TRUE(mails) << mails.error().message;
    ASSERT_EQ(mails->size(), 3U);
    EXPECT_EQ((*mails)[1].where, "fix.mbox: mail 2");
    EXPECT_EQ((*mails)[1].line, 27U);
    EXPECT_EQ((*mails)[2].subject, "Re: [PATCH] mm: x");
}

TEST_F(MailTest, OfTextAndHtmlTheTextCountsAndHtmlAloneIsUnusable) {
    const std::string multi = std::string(kMailHead) +
                              "MIME-Version: 1.0\nContent-Type: multipart/alternative; "
                              "boundary=\"xx\"\n\n";
    const std::string html = "<html><body><pre>" + kMailBody + "</pre></body></html>";
    const auto both =
        one(multi + part("text/plain", kMailBody) + part("text/html", html) + "--xx--\n");
    EXPECT_EQ(both.unusable, "");
    EXPECT_EQ(both.patch.find("diff --git", 1), std::string::npos) << both.patch;
    EXPECT_TRUE(both.patch.starts_with(kMailDiff));
    const auto alone = one(std::string(kMailHead) + "Content-Type: text/html\n\n" + html + "\n");
    EXPECT_EQ(alone.unusable, "is HTML");
    EXPECT_EQ(alone.patch, "");
    const auto only = one(multi + part("text/html", html) + "--xx--\n");
    EXPECT_EQ(only.unusable, "is HTML");
    // The negative control: the same without the type is a patch.
    EXPECT_NE(one(std::string(kMailHead) + "\n" + html + "\n").patch, "");
}

TEST_F(MailTest, AnAttachedPatchIsRead) {
    const auto mail =
        one(std::string(kMailHead) +
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"xx\"\n\n" +
            part("text/plain", "See the attachment.\n") +
            part("text/x-patch; name=\"x.patch\"\nContent-Disposition: attachment", kMailBody) +
            "--xx--\n");
    EXPECT_TRUE(mail.patch.starts_with(kMailDiff)) << mail.patch;
    EXPECT_NE(mail.message.find("See the attachment."), std::string::npos);
}

TEST_F(MailTest, WhatIsNoTextIsNamed) {
    EXPECT_EQ(refusal(std::string("\xff\xfe\x00F", 4)),
              "fix.mbox:1: the file is UTF-16 text, accepted: plain text");
    EXPECT_EQ(refusal("\x1f\x8b\x08"), "fix.mbox:1: the file is compressed, accepted: plain text");
    EXPECT_EQ(refusal("\xef\xbb\xbf" + std::string(kFromLine)),
              "fix.mbox:1: the file begins with a byte order mark, accepted: plain text");
    EXPECT_EQ(refusal("<!DOCTYPE html>\n<html>\n"),
              "fix.mbox:1: an HTML page, accepted: the patch as plain text (a 'raw' link)");
    EXPECT_NE(refusal("hello\n").find("fix.mbox:1: no 'diff --git'"), std::string::npos);
    const auto utf16 = one(std::string(kMailHead) + "Content-Type: text/plain; charset=utf-16\n" +
                           "Content-Transfer-Encoding: base64\n\nLQAtAC0ACgA=\n");
    EXPECT_EQ(utf16.unusable, "is UTF-16 or no text at all");
}

TEST_F(MailTest, APlainPatchIsKeptAsItIsWithItsFirstLineAsTitle) {
    const auto text = "mm: free it\n\nreasons\n\n" + std::string(kMailDiff);
    const auto mail = one(text);
    EXPECT_EQ(mail.subject, "mm: free it");
    EXPECT_EQ(patch_file_text(mail), text);
    EXPECT_EQ(one(kMailDiff).subject, "fix.mbox") << "nothing else has a name";
    const std::string id(40, 'a');
    const auto show = "commit " + id +
                      "\nAuthor: Zoe <z@test.example>\nDate:   today\n\n    mm: x\n\n" +
                      std::string(kMailDiff);
    EXPECT_EQ(one(show).subject, "mm: x");
    EXPECT_EQ(one(show).author, "Zoe <z@test.example>");
    EXPECT_EQ(refusal(show + "\n" + show),
              "fix.mbox:14: a second commit, as 'git log -p' prints them, newest first; accepted: "
              "one, or the output of 'git format-patch'");
    // Prose, and not the beginning of an mbox.
    EXPECT_EQ(one("From now on:\n\n" + std::string(kMailDiff)).subject, "From now on:");
    EXPECT_TRUE(is_mail("From git@z Thu Jan  1 00:00:00 1970\n")) << "b4";
    EXPECT_TRUE(is_mail("From mboxrd@z Thu Jan  1 00:00:00 1970\n")) << "lore";
    EXPECT_TRUE(is_mail("From: a\nSubject: b\n\nx"));
    EXPECT_FALSE(is_mail("From: a\nSubject: b\n--- a/x\n")) << "a patch that begins like one";
    EXPECT_FALSE(is_mail("Description: a\n\n"));
}

TEST_F(MailTest, ProseThatLooksLikeADiffIsIndentedAndReadAsProse) {
    const auto mail = one(std::string(kMailHead) +
                          "\nOnly in NUMA machines: a page.\nContent-Transfer-Encoding: base64 is "
                          "not used.\n@@ -1 +1 @@\n---\nv2: said so\n*** thanks\n\n" +
                          kMailDiff);
    EXPECT_EQ(mail.patch, kMailDiff);
    const auto text = patch_file_text(mail);
    for (const char* line : {"\n Only in NUMA", "\n Content-Transfer", "\n @@ -1", "\n *** thanks"})
        EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
    // But a file that `diff -r` leaves out is part of the change, and refused later.
    const auto lost = one(std::string(kMailHead) + "\nx\n---\nOnly in b/mm: new.c\n" + kMailDiff);
    EXPECT_TRUE(lost.patch.starts_with("Only in b/mm: new.c\n")) << lost.patch;
}

TEST_F(MailTest, FindsTrailersInMessageNotesAndBehindThePatch) {
    const auto mail = one(std::string(kMailHead) + "\n" + kMailBody +
                          "\nbase-commit: 0123abcd\nprerequisite-patch-id: aa\n"
                          "prerequisite-patch-id: bb\n");
    EXPECT_EQ(trailers(mail, "base-commit"), std::vector<std::string>{"0123abcd"});
    EXPECT_EQ(trailers(mail, "prerequisite-patch-id"), (std::vector<std::string>{"aa", "bb"}));
    EXPECT_TRUE(trailers(mail, "base").empty());
}

} // namespace
} // namespace rig
