// SPDX-License-Identifier: GPL-2.0-or-later
// tests/submit.py has a server that validates what is sent.
#include "rig/cli/submit_command.h"

#include "rig/testing/results_fixture.h"
#include "rig/testing/webhook_server.h"

#include <cstdlib>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;
using testing::WebhookServer;

constexpr const char* kToken = "t0ken-of-the-submission";

class SubmitTest : public ResultsProject {
 protected:
    void SetUp() override {
        ResultsProject::SetUp();
        make_run(0);
        ::setenv("RIG_KCIDB_TOKEN", kToken, 1);
    }
    void TearDown() override {
        ::unsetenv("RIG_KCIDB_TOKEN");
        ResultsProject::TearDown();
    }
    Result<CommandOutput> submit(const std::string& url, bool send, SubmitOptions options = {}) {
        options.run = "latest";
        options.url = url;
        options.send = send;
        CommonOptions common;
        common.results = results();
        common.warn = [this](const std::string& text) { warned_ += text; };
        auto output = submit_command(options, common);
        // Whatever comes of it, nobody sees the token.
        const auto said = (output ? output->text : output.error().message) + warned_;
        EXPECT_EQ(said.find(kToken), std::string::npos) << said;
        return output;
    }
    static std::string url_of(const WebhookServer& server) {
        return fmt::format("http://127.0.0.1:{}/submit", server.port());
    }
    std::string warned_;
};

TEST_F(SubmitTest, IsADryRunUnlessAskedToSend) {
    WebhookServer server(200);
    const auto dry = submit(url_of(server), false);
    ASSERT_TRUE(dry) << dry.error().message;
    EXPECT_TRUE(server.requests().empty());
    EXPECT_NE(warned_.find("nothing was sent"), std::string::npos);
    const auto sent = submit(url_of(server), true);
    ASSERT_TRUE(sent) << sent.error().message;
    ASSERT_EQ(server.requests().size(), 1u);
    const auto request = server.requests().at(0);
    EXPECT_EQ(request.target(), "/submit");
    EXPECT_EQ(request["Authorization"], std::string("Bearer ") + kToken);
    EXPECT_EQ(json::parse(request.body()), json::parse(dry->text)) << "as the dry run shows it";
    EXPECT_NE(sent->text.find("2 checkouts, 2 builds"), std::string::npos) << sent->text;
}

TEST_F(SubmitTest, AServerThatRefusesIsAFaultWithItsReason) {
    const std::string reason = std::string("no such origin, token ") + kToken + "\x1b[31m";
    WebhookServer server(200, nullptr,
                         fmt::format("HTTP/1.1 422 Unprocessable\r\nContent-Length: {}\r\n\r\n{}",
                                     reason.size(), reason));
    const auto refused = submit(url_of(server), true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(refused.error().message.find("answered 422, want 2xx: no such origin, token (token)"),
              std::string::npos)
        << refused.error().message;
    EXPECT_EQ(refused.error().message.find('\x1b'), std::string::npos);
}

TEST_F(SubmitTest, TheTokenComesFromAFileOrTheEnvironment) {
    WebhookServer server(200);
    SubmitOptions options;
    options.token_file = top_ / "token";
    EXPECT_FALSE(submit(url_of(server), true, options)) << "no such file";
    std::ofstream(top_ / "token") << "another-token\nnot this\n";
    ASSERT_TRUE(submit(url_of(server), true, options));
    EXPECT_EQ(server.requests().at(0)["Authorization"], "Bearer another-token");
    ::unsetenv("RIG_KCIDB_TOKEN");
    const auto none = submit(url_of(server), true);
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("$RIG_KCIDB_TOKEN is not set"), std::string::npos);
    EXPECT_TRUE(submit(url_of(server), false)) << "a dry run needs none";
    EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(SubmitTest, WhatCannotBeMeantIsRefused) {
    for (const char* url : {"http://kcidb.example/submit", "ftp://127.0.0.1/", "kcidb", ""}) {
        const auto refused = submit(url, true);
        ASSERT_FALSE(refused) << url;
        EXPECT_EQ(refused.error().fault_domain, FaultDomain::Spec);
        EXPECT_TRUE(refused.error().message.starts_with("--kcidb")) << refused.error().message;
    }
    SubmitOptions options;
    options.origin = "My Lab";
    EXPECT_FALSE(submit("https://kcidb.example/", false, options));
}

} // namespace
} // namespace rig
