// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/arrange_mails.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace rig {
namespace {

constexpr const char* kSomeDiff = "--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b\n";

class ArrangeMails : public ::testing::Test {
 protected:
    void add(const std::string& subject, const std::string& patch = kSomeDiff) {
        Mail mail;
        mail.where = fmt::format("m: mail {}", mails.size() + 1);
        mail.subject = subject;
        mail.message = "text\n";
        mail.patch = patch;
        mails.push_back(mail);
    }
    // The patches' positions, the cover's, and the remarks.
    std::string arranged() {
        const auto order = arrange_mails(mails, "m");
        mails.clear();
        if (!order) {
            EXPECT_EQ(order.error().fault_domain, FaultDomain::Spec);
            return order.error().message;
        }
        return fmt::format("{}; {}; {}; {}", fmt::join(order->patches, " "),
                           order->cover ? std::to_string(*order->cover) : "-",
                           order->version.text(), fmt::join(order->remarks, " | "));
    }
    std::vector<Mail> mails;
};

TEST_F(ArrangeMails, NumbersGiveTheOrderAndTheRestIsSetApartAndCounted) {
    add("[PATCH v2 2/3] b");
    add("[PATCH v2 0/3] all", "");
    add("Re: [PATCH v2 2/3] b", "");
    add("[PATCH v2 3/3] c");
    add("[PATCH v2 1/3] a");
    add("Re: [PATCH v2 1/3] a", "");
    add("[syzbot] report", "");
    EXPECT_EQ(arranged(),
              "4 0 3; 1; v2; set apart: 1 cover letter, 2 replies, 1 other mail without "
              "a patch | m: mail 7 '[syzbot] report' has no patch");
}

TEST_F(ArrangeMails, AMissingOrDoubledPatchIsNamed) {
    add("[PATCH 1/3] a");
    add("[PATCH 3/3] c");
    EXPECT_EQ(arranged(), "m: 2/3 is missing, accepted: every patch of the series, or a patch "
                          "without a number in its subject");
    add("[PATCH 4/5] d");
    EXPECT_TRUE(arranged().starts_with("m: 1/5, 2/5, 3/5, 5/5 are missing, accepted:"));
    add("[PATCH 1/4000000000] d");
    EXPECT_NE(arranged().find("11/4000000000, ... are missing"), std::string::npos);
    add("[PATCH 1/2] a");
    add("[PATCH 2/2] b");
    add("[PATCH 2/2] b");
    EXPECT_EQ(arranged(), "m: mail 3 '[PATCH 2/2] b': patch 2/2 is there twice, first as m: mail 2 "
                          "'[PATCH 2/2] b'; accepted: once");
    add("[PATCH 1/2] a");
    add("[PATCH 1/3] other");
    EXPECT_EQ(arranged(), "m: mail 2 '[PATCH 1/3] other': is of a series of 3, but m: mail 1 "
                          "'[PATCH 1/2] a' is of a series of 2; accepted: one series");
    add("[PATCH 3/2] a");
    EXPECT_EQ(arranged(), "m: mail 1 '[PATCH 3/2] a': number 3 of 2");
    add("[PATCH 1/1] a");
    add("fixup");
    EXPECT_EQ(arranged(), "m: mail 2 'fixup': has no number 'I/N', but m: mail 1 '[PATCH 1/1] a' "
                          "has one; accepted: all or none");
}

TEST_F(ArrangeMails, OfSeveralVersionsOfANumberedSeriesTheHighestIsTaken) {
    add("[PATCH 0/2] all", "");
    add("[PATCH 1/2] a");
    add("[PATCH 2/2] b");
    add("[PATCH v10 0/1] all", "");
    add("[PATCH v10 1/1] a");
    add("[PATCH v9 1/1] a");
    EXPECT_EQ(arranged(),
              "4; 3; v10; v1 (2 patches), v9 (1 patch), v10 (1 patch) are there; v10 is "
              "taken | set apart: 2 cover letters");
    // One that was sent again alone is no series.
    add("[PATCH 1/2] a");
    add("[PATCH 2/2] b");
    add("[PATCH v2 2/2] b");
    EXPECT_EQ(arranged(),
              "m: 1/2 is missing, accepted: every patch of the series, or a patch "
              "without a number in its subject; m has v1 (2 patches), v2 (1 patch), and "
              "the highest is taken");
    add("[PATCH] a");
    add("[PATCH v2] a");
    EXPECT_TRUE(arranged().starts_with("1; -; v2; "));
    add("[PATCH] a");
    add("[PATCH v2] b");
    EXPECT_EQ(arranged(),
              "m: patches without numbers, of v1 (1 patch), v2 (1 patch): 'a' is v1 and "
              "'b' is v2; accepted: one version");
}

TEST_F(ArrangeMails, WithoutNumbersTheOrderIsKeptAndSaid) {
    add("b");
    add("a");
    EXPECT_EQ(arranged(),
              "0 1; -; v1; the subjects have no numbers: the patches are applied in the "
              "order in which they were found");
    add("only");
    EXPECT_EQ(arranged(), "0; -; v1; ");
}

TEST_F(ArrangeMails, APatchInAReplyCountsOnlyIfThereIsNoOther) {
    add("[PATCH] a");
    add("Re: [PATCH] a");
    EXPECT_EQ(arranged(), "0; -; v1; m: mail 2 'Re: [PATCH] a' is a reply with a patch of its own, "
                          "which is not applied");
    add("Re: [PATCH] a");
    EXPECT_EQ(arranged(), "0; -; v1; m: mail 1 'Re: [PATCH] a' is a reply; its patch is taken, as "
                          "there is no other");
    add("[PATCH 0/1] a");
    add("[PATCH 1/1] a");
    EXPECT_EQ(arranged(),
              "1; 0; v1; m: mail 1 '[PATCH 0/1] a' is a cover letter; the patch in it is "
              "not applied | set apart: 1 cover letter");
}

TEST_F(ArrangeMails, AMailThatClaimsAPatchAndHasNoneIsAnError) {
    add("[PATCH 1/2] a");
    add("[PATCH 2/2] b", "");
    mails[1].unusable = "is HTML";
    EXPECT_EQ(arranged(), "m: mail 2 '[PATCH 2/2] b': its text is HTML, accepted: plain text");
    add("[PATCH 1/2] a");
    add("[PATCH 2/2] b", "");
    mails[1].message = "> diff --git a/a b/a\n";
    EXPECT_EQ(arranged(), "m: mail 2 '[PATCH 2/2] b', decoded:1: a reply that quotes a patch with "
                          "'> ', accepted: the patch's own mail");
    add("hello", "");
    EXPECT_NE(arranged().find("not a unified diff"), std::string::npos);
    add("hello", "");
    add("Re: hello", "");
    EXPECT_EQ(arranged(), "m: none of its 2 mails has a patch, accepted: mails with unified diffs");
}

} // namespace
} // namespace rig
