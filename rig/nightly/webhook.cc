// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/webhook.h"

#include "rig/base/files.h"
#include "rig/base/version.h"
#include "rig/nightly/notify.h"

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <cstdlib>
#include <fmt/format.h>
#include <string>

namespace rig {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

// Never part of an error, nor of anything else that is printed.
Result<std::string> read_token(const WebhookChannel& channel, const fs::path& top) {
    std::string token, from;
    if (!channel.token_env.empty()) {
        from = "$" + channel.token_env;
        const char* value = std::getenv(channel.token_env.c_str());
        if (!value) return fail(Blame::Host, fmt::format("webhook: {} is not set", from));
        token = value;
    } else if (!channel.token_file.empty()) {
        const auto file = top / channel.token_file;
        from = file.string();
        std::error_code error;
        if (!fs::is_regular_file(file, error))
            return fail(
                Blame::Host,
                fmt::format("webhook: {}: no such file, want one whose first line is the token",
                            from));
        const auto text = slurp(file);
        token = text.substr(0, text.find('\n'));
        if (token.ends_with('\r')) token.pop_back();
    } else {
        return token;
    }
    if (token.empty() || token.size() > 4096 ||
        !std::all_of(token.begin(), token.end(),
                     [](unsigned char c) { return c > ' ' && c < 0x7f; }))
        return fail(Blame::Host, fmt::format("webhook: the token in {} is empty or holds blanks or "
                                             "control characters, want one word",
                                             from));
    return token;
}

using Request = http::request<http::string_body>;

// The status alone says whether it was taken. A body that is long, or ends without a good-bye,
// would make a message that arrived count as unsent, and come again every night.
template<class Stream> asio::awaitable<unsigned> talk(Stream& stream, const Request& request) {
    beast::flat_buffer buffer;
    co_await http::async_write(stream, request, asio::use_awaitable);
    for (;;) {
        http::response_parser<http::empty_body> parser;
        co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
        const auto status = parser.get().result_int();
        if (status >= 200 || status == 101)
            co_return status; // else the answer is still to come (RFC 9110, 15.2)
    }
}

asio::awaitable<unsigned> post(const WebhookChannel& channel, const Request& request,
                               asio::ssl::context& tls, std::chrono::seconds patience) {
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    const auto addresses = co_await resolver.async_resolve(
        channel.host, std::to_string(channel.port), asio::use_awaitable);
    if (!channel.tls) {
        beast::tcp_stream stream(executor);
        stream.expires_after(patience); // for everything that follows
        co_await stream.async_connect(addresses, asio::use_awaitable);
        co_return co_await talk(stream, request);
    }
    beast::ssl_stream<beast::tcp_stream> stream(executor, tls);
    stream.set_verify_mode(asio::ssl::verify_peer);
    stream.set_verify_callback(asio::ssl::host_name_verification(channel.host));
    ::SSL_set_tlsext_host_name(stream.native_handle(), channel.host.c_str());
    beast::get_lowest_layer(stream).expires_after(patience);
    co_await beast::get_lowest_layer(stream).async_connect(addresses, asio::use_awaitable);
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    co_return co_await talk(stream, request); // and hangs up: nothing more is to be said or heard
}

} // namespace

Status post_webhook(const WebhookChannel& channel, const fs::path& top, const Message& message,
                    std::chrono::seconds patience) {
    RIG_TRY(token, read_token(channel, top));
    const bool usual = channel.port == (channel.tls ? 443 : 80);
    const auto host =
        channel.host.find(':') == std::string::npos ? channel.host : "[" + channel.host + "]";
    Request request(http::verb::post, channel.target, 11);
    request.set(http::field::host, usual ? host : fmt::format("{}:{}", host, channel.port));
    request.set(http::field::user_agent, "rig/" + rig_version());
    request.set(http::field::content_type, "application/json");
    request.set("Idempotency-Key", message.id);
    if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
    request.keep_alive(false);
    request.body() = message_json(message);
    request.prepare_payload();
    const auto where = fmt::format("{}://{}:{}", channel.tls ? "https" : "http", host,
                                   channel.port); // the path may hold a secret of its own
    try {
        asio::ssl::context tls(asio::ssl::context::tls_client);
        if (channel.tls) {
            ::SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
            if (channel.ca_file.empty())
                tls.set_default_verify_paths();
            else
                tls.load_verify_file(channel.ca_file.string());
        }
        asio::io_context io;
        auto answer = asio::co_spawn(io, post(channel, request, tls, patience), asio::use_future);
        io.run();
        if (const auto status = answer.get(); status < 200 || status >= 300)
            return fail(Blame::Host,
                        fmt::format("webhook {}: answered {}, want 2xx", where, status));
    } catch (const std::exception& e) { // of Asio's coroutines and of OpenSSL: the one place where
                                        // they become an error
        return fail(Blame::Host, fmt::format("webhook {}: {}", where, e.what()));
    }
    return {};
}

} // namespace rig
