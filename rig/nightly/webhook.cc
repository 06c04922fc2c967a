// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/webhook.h"

#include "rig/host/http_post.h"
#include "rig/nightly/notify.h"

#include <fmt/format.h>
#include <string>

namespace rig {

Status post_webhook(const WebhookChannel& channel, const std::filesystem::path& top,
                    const Message& message, std::chrono::seconds patience) {
    HttpPost post;
    RIG_TRY(token, read_token("webhook", channel.token_env,
                              channel.token_file.empty() ? std::filesystem::path()
                                                         : top / channel.token_file));
    post.token = token;
    const auto host =
        channel.host.find(':') == std::string::npos ? channel.host : "[" + channel.host + "]";
    post.where = fmt::format("{}://{}:{}", channel.tls ? "https" : "http", host, channel.port);
    post.url = post.where + channel.target;
    post.headers = {"Idempotency-Key: " + message.id};
    post.body = message_json(message);
    post.ca_file = channel.ca_file;
    post.patience = patience;
    RIG_TRY(answer, http_post("webhook", post));
    if (answer.status < 200 || answer.status >= 300)
        return fail(FaultDomain::Host,
                    fmt::format("webhook {}: answered {}, want 2xx", post.where, answer.status));
    return {};
}

} // namespace rig
