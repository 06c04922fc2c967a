// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/checkout_origin.h"

#include "rig/base/sha256.h"
#include "rig/export/kcidb.h"
#include "rig/testing/export_fixture.h"
#include "rig/testing/temp_tree.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

TEST(CheckoutOrigin, AMessageIdIsReadFromTheHeaderOnly) {
    EXPECT_EQ(message_id_in("From: a <a@x>\nMessage-ID: <20260102.1@test.example>\nSubject: x\n\n"),
              "20260102.1@test.example");
    EXPECT_EQ(message_id_in("message-id:\n <20260102.1@test.example>\n\n"),
              "20260102.1@test.example");
    EXPECT_EQ(message_id_in("Subject: x\n\nMessage-ID: <a@b>\n"), "") << "the text of a mail";
    EXPECT_EQ(message_id_in("Message-ID: none\n\n"), "");
    EXPECT_EQ(message_id_in("Message-ID: <a@b\x1b[31m>\n\n"), "");
    EXPECT_EQ(message_id_in(""), "");
}

TEST(CheckoutOrigin, EachCheckoutHasItsOwnCommitAndMail) {
    const testing::TempTree tree;
    auto spec = judged_spec();
    spec.kernel.source = GitSource{"/linux", "v6.12"};
    spec.arms[1].revision = std::string(40, 'a');
    auto run = make_run(spec);
    const std::string text = "Message-ID: <7@list.example>\nSubject: [PATCH] mm: rcu\n\n";
    auto& kernel = run.kernels[1];
    tree.put(kernel.patches.back(), text);
    kernel.patch_sha256.back() = sha256_hex(text);
    auto input = input_of(spec, make_samples(spec), run);
    const auto origins = checkout_origins(input, tree.path());
    EXPECT_EQ(origins.at("ipi").git_commit_hash, "") << "a tag may point elsewhere by now";
    EXPECT_EQ(origins.at("ipi").message_id, "");
    EXPECT_EQ(origins.at("reviewed").git_commit_hash, std::string(40, 'a'));
    EXPECT_EQ(origins.at("reviewed").message_id, "7@list.example");

    const auto checkouts = render_kcidb(input, {}, "rig", origins).at("checkouts");
    EXPECT_FALSE(checkouts.at(0).contains("git_commit_hash"));
    EXPECT_FALSE(checkouts.at(0).contains("message_id"));
    EXPECT_EQ(checkouts.at(1).at("git_commit_hash"), std::string(40, 'a'));
    EXPECT_EQ(checkouts.at(1).at("message_id"), "7@list.example");

    // A patch that was edited since is another one.
    tree.put(kernel.patches.back(), text + "edited\n");
    EXPECT_EQ(checkout_origins(input, tree.path()).at("reviewed").message_id, "");
}

} // namespace
} // namespace rig
