// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/notify_send.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::read_text;

class NotifySendTest : public ::testing::Test {
 protected:
    void SetUp() override {
        message_.id = "1-opened";
        message_.subject = "[rig] #1 a/v4: broken (opened)";
        message_.text = "#1 a/v4: broken\n";
        message_.data = R"({"transitions": ["opened"], "incident": {"id": 1}})";
    }
    // A fake sendmail that stores its arguments and the mail.
    fs::path sendmail(int code) {
        const auto script = tree_.put(
            "sendmail",
            "#!/bin/sh\necho \"$@\" > \"$0.args\"\ncat > \"$0.mail\"\necho queue full\nexit " +
                std::to_string(code) + "\n");
        fs::permissions(script, fs::perms::owner_all);
        return script;
    }
    testing::TempTree tree_;
    Message message_;
    BoostCommandRunner runner_;
};

TEST_F(NotifySendTest, MailGoesThroughSendmail) {
    const EmailChannel channel{{"kernel@example.org"}, "rig@example.org", sendmail(0)};
    const auto sent = send_email(channel, message_, runner_);
    ASSERT_TRUE(sent) << sent.error().message;
    EXPECT_EQ(read_text(tree_ / "sendmail.args"), "-i -t\n");
    const auto mail = read_text(tree_ / "sendmail.mail");
    EXPECT_NE(mail.find("\nSubject: [rig] #1 a/v4: broken (opened)\n"), std::string::npos) << mail;
    EXPECT_NE(mail.find("\n\n#1 a/v4: broken\n"), std::string::npos) << mail;
}

TEST_F(NotifySendTest, AMailerThatFailsOrIsMissingIsAHostFault) {
    auto sent =
        send_email({{"kernel@example.org"}, "rig@example.org", sendmail(75)}, message_, runner_);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(sent.error().message.find("exit code 75: queue full"), std::string::npos)
        << sent.error().message;
    sent =
        send_email({{"kernel@example.org"}, "rig@example.org", tree_ / "none"}, message_, runner_);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().fault_domain, FaultDomain::Host);
}

TEST_F(NotifySendTest, AFileGetsEachMessageOnce) {
    const auto file = tree_ / "deep/messages.jsonl";
    ASSERT_TRUE(append_message(file, message_));
    // As after a kill between sending and recording it.
    ASSERT_TRUE(append_message(file, message_));
    message_.id = "1-fixed";
    ASSERT_TRUE(append_message(file, message_));
    auto text = read_text(file);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
    // An incomplete line of a killed rig neither hides the next line nor joins it.
    std::ofstream(file, std::ios::app) << "{\"id\": \"2-op";
    message_.id = "2-opened";
    ASSERT_TRUE(append_message(file, message_));
    text = read_text(file);
    EXPECT_EQ(nlohmann::json::parse(text.substr(text.rfind('\n', text.size() - 2) + 1)).at("id"),
              "2-opened");
    ASSERT_TRUE(append_message(file, message_));
    EXPECT_EQ(read_text(file), text);
    EXPECT_FALSE(append_message(tree_.path(), message_)); // not a file
}

TEST_F(NotifySendTest, AMessageStaysUntilEveryChannelHasIt) {
    IncidentBook book;
    message_.pending = {"file", "email", "gone"};
    book.outbox = {message_};
    unsigned saves = 0;
    std::vector<std::string> warnings;
    bool mailer_works = false;
    const Sender send = [&](const std::string& channel, const Message&) -> Status {
        if (channel == "email" && !mailer_works) return fail(FaultDomain::Host, "queue full");
        return {};
    };
    const auto go = [&] {
        deliver(
            book, {"file", "email"}, send, [&]() -> Status { return ++saves, Status(); },
            [&](const std::string& text) { warnings.push_back(text); });
    };
    go();
    ASSERT_EQ(book.outbox.size(), 1u);
    EXPECT_EQ(book.outbox[0].pending, (std::vector<std::string>{"email", "gone"}));
    EXPECT_EQ(warnings.size(), 2u);
    EXPECT_GE(saves, 1u);
    mailer_works = true;
    go();
    EXPECT_EQ(book.outbox[0].pending,
              std::vector<std::string>{"gone"}); // kept until the channel is configured again
}

} // namespace
} // namespace rig
