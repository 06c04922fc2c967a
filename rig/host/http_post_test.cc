// SPDX-License-Identifier: GPL-2.0-or-later
// nightly/webhook_test.cc has the answers, certificates and tokens.
#include "rig/host/http_post.h"

#include "rig/testing/temp_tree.h"
#include "rig/testing/webhook_server.h"

#include <fmt/format.h>

namespace rig {
namespace {

TEST(HttpPost, UrlsAreThoseOfServers) {
    const auto url = parse_http_url("https://kcidb.example:8443/submit?x=1");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->where, "https://kcidb.example:8443");
    EXPECT_TRUE(url->tls);
    EXPECT_FALSE(url->loopback);
    EXPECT_EQ(parse_http_url("https://kcidb.example/")->where, "https://kcidb.example:443");
    EXPECT_TRUE(parse_http_url("http://127.0.0.1:80/")->loopback);
    EXPECT_TRUE(parse_http_url("http://[::1]/")->loopback);
    EXPECT_FALSE(parse_http_url("http://127.0.0.1.evil.example/")->loopback);
    for (const char* text :
         {"", "kcidb.example", "file:///etc/passwd", "ftp://x/", "https://", "https://u:p@x/",
          "https://u@x/", "https://x/#f", "https://x/a b", "https://x/\n"}) {
        const auto bad = parse_http_url(text);
        EXPECT_FALSE(bad) << text;
        if (!bad) {
            EXPECT_EQ(bad.error().fault_domain, FaultDomain::Spec);
        }
    }
}

TEST(HttpPost, TheTextOfAnAnswerIsReadUpToABound) {
    const std::string large(100'000, 'x');
    testing::WebhookServer server(
        200, nullptr,
        fmt::format("HTTP/1.1 422 No\r\nContent-Length: {}\r\n\r\n{}", large.size(), large));
    HttpPost post;
    post.where = fmt::format("http://127.0.0.1:{}", server.port());
    post.url = post.where + "/submit";
    post.body = "{}";
    post.want_text = true;
    const auto answer = http_post("test", post);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 422);
    EXPECT_EQ(answer->text, large.substr(0, 4096));
    EXPECT_EQ(server.requests().at(0).body(), "{}");
}

} // namespace
} // namespace rig
