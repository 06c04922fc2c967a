// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/webhook.h"

#include "rig/host/boost_command_runner.h"
#include "rig/nightly/notify_send.h"
#include "rig/testing/temp_tree.h"
#include "rig/testing/webhook_server.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::read_text;
using testing::WebhookServer;

constexpr const char* kToken = "s3cr3t-t0ken-of-the-test";

class WebhookTest : public ::testing::Test {
 protected:
    void SetUp() override {
        message_.id = "1-opened";
        message_.subject = "[rig] #1 a/v4: broken (opened)";
        message_.text = "#1 a/v4: broken\n";
        message_.data = R"({"transitions": ["opened"], "incident": {"id": 1}})";
    }
    WebhookChannel channel_of(const WebhookServer& server) const {
        WebhookChannel channel;
        channel.host = "127.0.0.1", channel.port = server.port(), channel.target = "/hook?x=1";
        return channel;
    }
    Status post(const WebhookChannel& channel,
                std::chrono::seconds patience = std::chrono::seconds(10)) {
        return post_webhook(channel, tree_.path(), message_, patience);
    }
    testing::TempTree tree_;
    Message message_;
    BoostCommandRunner runner_;
};

TEST_F(WebhookTest, AWebhookIsPostedJson) {
    WebhookServer server;
    const auto sent = post(channel_of(server));
    ASSERT_TRUE(sent) << sent.error().message;
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].target(), "/hook?x=1");
    EXPECT_EQ(requests[0]["Content-Type"], "application/json");
    EXPECT_EQ(requests[0]["Idempotency-Key"], "1-opened");
    EXPECT_EQ(requests[0].count("Authorization"), 0u);
    EXPECT_EQ(nlohmann::json::parse(requests[0].body()).at("incident").at("id"), 1);
}

TEST_F(WebhookTest, OnlyTwoHundredsAreTaken) {
    for (const unsigned status : {302u, 401u, 500u}) {
        WebhookServer server(status);
        const auto sent = post(channel_of(server));
        ASSERT_FALSE(sent) << status;
        EXPECT_EQ(sent.error().fault_domain, FaultDomain::Host);
        EXPECT_NE(sent.error().message.find(fmt::format("answered {}", status)), std::string::npos)
            << sent.error().message;
        EXPECT_EQ(server.requests().size(), 1u); // redirects are not followed
    }
}

// A delivered message must not be sent again every night because of what follows the status.
TEST_F(WebhookTest, WhatFollowsTheStatusDoesNotMatter) {
    const auto certificate = testing::make_certificate("localhost");
    const auto ca = tree_.put("ca.pem", certificate.certificate);
    const std::string large(256 << 10, 'x');
    const auto answer = [&](const std::string& status, bool to_its_end) {
        return "HTTP/1.1 " + status + "\r\n" +
               (to_its_end ? "" : fmt::format("Content-Length: {}\r\n", large.size())) + "\r\n" +
               large;
    };
    const std::vector<std::pair<std::string, bool>> answers{
        {answer("200 OK", false), true},
        // Body up to the end of the connection, closed without notice.
        {answer("200 OK", true), true},
        {"HTTP/1.1 202 Accepted\r\nContent-Length: 900\r\n\r\nshort", true}, // truncated body
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", true},
        {answer("500 Oops", false), false},
        {"HTTP/1.1 103 Early Hints\r\n\r\n" + answer("403 Forbidden", true), false},
        {"HTTP/1.1 200 OK\r\nContent-Le", false}, // an incomplete header is no answer
        {"HTTP/1.1 100 Continue\r\n\r\n", false},
        {"hello\r\n\r\n", false}};
    for (const bool tls : {false, true})
        for (const auto& [bytes, taken] : answers) {
            WebhookServer server(204, tls ? &certificate : nullptr, bytes);
            auto channel = channel_of(server);
            if (tls) channel.tls = true, channel.host = "localhost", channel.ca_file = ca;
            const auto sent = post(channel);
            EXPECT_EQ(sent.has_value(), taken)
                << tls << " " << bytes.substr(0, 60) << (sent ? "" : sent.error().message);
            EXPECT_EQ(server.requests().size(), 1u);
        }
}

TEST_F(WebhookTest, AServerThatIsSilentOrNotThereEndsInTime) {
    WebhookServer silent(0);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(post(channel_of(silent), std::chrono::seconds(1)));
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
    WebhookChannel nobody;
    nobody.host = "127.0.0.1", nobody.port = 1;
    EXPECT_FALSE(post(nobody));
}

TEST_F(WebhookTest, CertificatesAreChecked) {
    const auto good = testing::make_certificate("localhost"),
               other = testing::make_certificate("other.example");
    const auto good_file = tree_.put("good.pem", good.certificate),
               other_file = tree_.put("other.pem", other.certificate);
    WebhookServer server(204, &good), impostor(204, &other);
    auto channel = channel_of(server);
    channel.tls = true, channel.host = "localhost", channel.ca_file = good_file;
    auto sent = post(channel);
    ASSERT_TRUE(sent) << sent.error().message;
    EXPECT_EQ(server.requests().size(), 1u);
    channel.ca_file.clear(); // the system's certificates do not include it
    sent = post(channel);
    ASSERT_FALSE(sent);
    EXPECT_NE(sent.error().message.find("certificate"), std::string::npos) << sent.error().message;
    // A trusted certificate of another host name.
    channel.port = impostor.port(), channel.ca_file = other_file;
    EXPECT_FALSE(post(channel));
    EXPECT_EQ(server.requests().size(), 1u);
    EXPECT_TRUE(impostor.requests().empty()); // nothing was sent to it
}

// The token goes to the server only, and not into errors, state, warnings or files.
TEST_F(WebhookTest, TheTokenIsSentAndNeverTold) {
    ::setenv("RIG_TEST_TOKEN", kToken, 1);
    const auto token_file = tree_.put("secret/token", std::string(kToken) + "\n");
    std::string told;
    for (const unsigned status : {204u, 500u})
        for (const bool from_file : {false, true}) {
            WebhookServer server(status);
            NotifyConfig config;
            config.webhook = channel_of(server);
            if (from_file)
                config.webhook->token_file = "secret/token";
            else
                config.webhook->token_env = "RIG_TEST_TOKEN";
            config.file = FileChannel{"messages.jsonl"};
            IncidentBook book;
            message_.pending = {"file", "webhook"};
            book.outbox = {message_};
            deliver(
                book, config.channels(), make_sender(config, {runner_, tree_.path()}),
                [&]() -> Status {
                    told += book_json(book);
                    return {};
                },
                [&](const std::string& warning) { told += warning; });
            ASSERT_EQ(server.requests().size(), 1u);
            EXPECT_EQ(server.requests()[0]["Authorization"], std::string("Bearer ") + kToken);
            EXPECT_EQ(book.outbox.size(), status == 204 ? 0u : 1u);
        }
    for (const std::string wrong : {"two words", "line\r\nX: y", ""}) {
        ::setenv("RIG_TEST_TOKEN", (wrong + (wrong.empty() ? "" : kToken)).c_str(), 1);
        WebhookServer server;
        auto channel = channel_of(server);
        channel.token_env = "RIG_TEST_TOKEN";
        const auto sent = post(channel);
        ASSERT_FALSE(sent);
        told += sent.error().message;
        EXPECT_TRUE(server.requests().empty());
    }
    ::unsetenv("RIG_TEST_TOKEN");
    WebhookChannel unset;
    unset.token_env = "RIG_TEST_TOKEN";
    EXPECT_NE(post(unset).error().message.find("$RIG_TEST_TOKEN is not set"), std::string::npos);
    const auto everything = [&] {
        auto all = told;
        for (const auto& entry : fs::recursive_directory_iterator(tree_.path()))
            if (entry.is_regular_file() && entry.path() != token_file)
                all += read_text(entry.path());
        return all;
    };
    EXPECT_NE(everything().find("answered 500"),
              std::string::npos); // negative control: there is something to search
    EXPECT_EQ(everything().find(kToken), std::string::npos);
    // Negative control: this test would find the token.
    tree_.put("log", "Authorization: Bearer " + std::string(kToken));
    EXPECT_NE(everything().find(kToken), std::string::npos);
}

} // namespace
} // namespace rig
