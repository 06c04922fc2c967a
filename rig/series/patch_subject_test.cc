// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/patch_subject.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rig {
namespace {

// "reply? patch? version number title"
std::string fields_of(const std::string& subject) {
    const auto read = parse_subject(subject);
    return fmt::format(
        "{}{}{} {} {}", read.reply ? "re " : "", read.patch ? "patch " : "", read.version.text(),
        read.number ? fmt::format("{}/{}", read.number->at, read.number->total) : "-", read.title);
}

TEST(PatchSubject, ReadsWhatMailProgramsAndMaintainersWrite) {
    EXPECT_EQ(fields_of("[PATCH] mm: free"), "patch v1 - mm: free");
    EXPECT_EQ(fields_of("[PATCH v2 03/12] mm: free"), "patch v2 3/12 mm: free");
    EXPECT_EQ(fields_of("[RFC PATCH net-next v3 0/2] net: count"), "patch v3 0/2 net: count");
    EXPECT_EQ(fields_of("[PATCHv4 1/2] x"), "patch v4 1/2 x");
    EXPECT_EQ(fields_of("[patch V2 10/21] x"), "patch v2 10/21 x");
    EXPECT_EQ(fields_of("[v2,3/4] x"), "patch v2 3/4 x") << "patchwork";
    EXPECT_EQ(fields_of("[PATCH 1 of 3] x"), "patch v1 1/3 x");
    EXPECT_EQ(fields_of("[PATCH v2.1 2/3] x"), "patch v2.1 2/3 x");
    EXPECT_EQ(fields_of("[PATCH 6.12 012/131] x"), "patch v1 12/131 x");
    EXPECT_EQ(fields_of("[RFC] [PATCH 1/2] x"), "patch v1 1/2 x");
    EXPECT_EQ(fields_of("Re: [PATCH v2 1/2] x"), "re patch v2 1/2 x");
    EXPECT_EQ(fields_of("AW: Re[2]: [PATCH] x"), "re patch v1 - x");
}

TEST(PatchSubject, LeavesToTheTitleWhatIsNoNumber) {
    EXPECT_EQ(fields_of("[media] vb2: fix [PATCH 1/2] in a comment"),
              "v1 - [media] vb2: fix [PATCH 1/2] in a comment");
    EXPECT_EQ(fields_of("[tip: x86/mm] x86/32: fix"), "v1 - [tip: x86/mm] x86/32: fix");
    EXPECT_EQ(fields_of("[PATCH 1/x] a"), "patch v1 - a");
    EXPECT_EQ(fields_of("[PATCH 99999999999/2] a"), "patch v1 - a");
    EXPECT_EQ(fields_of("Return: a value"), "v1 - Return: a value");
    EXPECT_EQ(fields_of("[unclosed PATCH 1/2"), "v1 - [unclosed PATCH 1/2");
    EXPECT_EQ(fields_of(""), "v1 - ");
    EXPECT_LT((PatchVersion{2, 9}), (PatchVersion{10, 0}));
}

} // namespace
} // namespace rig
