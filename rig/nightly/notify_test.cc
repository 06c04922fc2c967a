// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/notify.h"

#include "rig/testing/golden.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

Message message_of(std::string subject, std::string text) {
    Message message;
    message.id = "3-opened";
    message.subject = std::move(subject);
    message.text = std::move(text);
    message.data = R"({"transitions": ["opened"], "incident": {"id": 3}})";
    return message;
}
const EmailChannel kChannel{
    {"kernel@example.org", "other@example.org"}, "rig@example.org", "/usr/sbin/sendmail"};
constexpr const char* kDate = "Mon, 23 Feb 2026 01:00:00 +0000";

std::vector<std::string> headers_of(const std::string& mail) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < mail.size() && mail[at] != '\n';) {
        const auto end = mail.find('\n', at);
        const auto line = mail.substr(at, end - at);
        if (line[0] == ' ')
            out.back() += "\n" + line;
        else
            out.push_back(line);
        at = end + 1;
    }
    return out;
}

TEST(Notify, AMailAsItGoesOut) {
    testing::expect_golden(
        "nightly/mail.txt",
        email_text(message_of("[rig] #3 batch-alloc-fail/v4: target_latency rose, 10.5 µs to 12.6 "
                              "µs in reviewed (opened, bisected)",
                              "#3 batch-alloc-fail/v4: target_latency rose, 10.5 µs to 12.6 µs in "
                              "reviewed\n  cause: 0123456789ab mm: gather "
                              "twice\n.\nFrom the guest\n"),
                   kChannel, "host.example", kDate));
}

// The subject of a commit or the output of a guest cannot become a header, a recipient or the end
// of the mail.
TEST(Notify, TextsCannotAddHeaders) {
    const auto plain =
        headers_of(email_text(message_of("subject", "text"), kChannel, "host", kDate));
    for (const std::string& evil : std::vector<std::string>{
             "x\nBcc: eve@example.net", "x\r\nBcc: eve@example.net\r\n\r\nbody",
             std::string("x\0Bcc: y", 8), std::string("\xc2\x85") + "Bcc: eve@example.net",
             std::string("=?UTF-8?B?Cg==?= y")}) {
        auto message = message_of(evil, evil);
        message.id = "3\nBcc: eve@example.net";
        const auto headers =
            headers_of(email_text(message, kChannel, "host\nBcc: eve@example.net", kDate));
        ASSERT_EQ(headers.size(), plain.size()) << evil;
        for (std::size_t i = 0; i < headers.size(); ++i)
            EXPECT_EQ(headers[i].substr(0, headers[i].find(':')),
                      plain[i].substr(0, plain[i].find(':')));
    }
    // Negative control: this test would see an added header.
    EXPECT_EQ(headers_of("A: b\nBcc: c\n\n").size(), 2u);
}

TEST(Notify, HeadersAreFoldedAndEncoded) {
    EXPECT_EQ(header_value("plain words"), "plain words");
    EXPECT_EQ(header_value("10 µs"), "=?UTF-8?B?MTAgwrVz?=");
    EXPECT_EQ(header_value("=?x?="), "=?UTF-8?B?PT94Pz0=?="); // otherwise readers would decode it
    std::string words;
    for (unsigned i = 0; i < 40; ++i)
        words += "word ";
    std::string micro;
    for (unsigned i = 0; i < 60; ++i)
        micro += "µ";
    for (const auto& value : {header_value(words + "end"), header_value(micro)}) {
        EXPECT_NE(value.find("\n "), std::string::npos);
        for (std::size_t at = 0; at <= value.size();) {
            const auto end = std::min(value.find('\n', at), value.size());
            EXPECT_LE(end - at, 76u);
            at = end + 1;
        }
    }
}

TEST(Notify, LongAndBrokenLinesStayWithinWhatMailAllows) {
    const auto mail = email_text(message_of("s", std::string(5000, 'x') + "\n\xff\xfe\n"), kChannel,
                                 "host", kDate);
    for (std::size_t at = 0; at < mail.size();) {
        const auto end = mail.find('\n', at);
        EXPECT_LE(end - at, 998u);
        at = end + 1;
    }
    EXPECT_EQ(mail.find('\xff'), std::string::npos);
}

TEST(Notify, TheJsonIsOneLineWithEverything) {
    const auto line = message_json(message_of("s", "a\nb"));
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json.at("id"), "3-opened");
    EXPECT_EQ(json.at("text"), "a\nb");
    EXPECT_EQ(json.at("incident").at("id"), 3);
    EXPECT_EQ(json.at("transitions").at(0), "opened");
}

} // namespace
} // namespace rig
