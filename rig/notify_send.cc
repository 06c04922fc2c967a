#include "rig/notify_send.h"

#include "rig/base/text.h"
#include "rig/files.h"
#include "rig/scratch.h"

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::chrono::seconds kMailPatience{60};

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] ? static_cast<const char*>(name) : "localhost";
}

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
            return fail(Blame::Host, fmt::format("webhook: {}: no such file, want one whose first line is the token", from));
        const auto text = slurp(file);
        token = text.substr(0, text.find('\n'));
        if (token.ends_with('\r')) token.pop_back();
    } else {
        return token;
    }
    if (token.empty() || token.size() > 4096 || !std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; }))
        return fail(Blame::Host, fmt::format("webhook: the token in {} is empty or holds blanks or control characters, want one word", from));
    return token;
}

using Request = http::request<http::string_body>;

// The status alone says whether it was taken. A body that is long, or ends without a good-bye, would make a message that arrived count as unsent, and
// come again every night.
template<class Stream> asio::awaitable<unsigned> talk(Stream& stream, const Request& request) {
    beast::flat_buffer buffer;
    co_await http::async_write(stream, request, asio::use_awaitable);
    for (;;) {
        http::response_parser<http::empty_body> parser;
        co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
        const auto status = parser.get().result_int();
        if (status >= 200 || status == 101) co_return status; // else the answer is still to come (RFC 9110, 15.2)
    }
}

asio::awaitable<unsigned> post(const WebhookChannel& channel, const Request& request, asio::ssl::context& tls, std::chrono::seconds patience) {
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    const auto addresses = co_await resolver.async_resolve(channel.host, std::to_string(channel.port), asio::use_awaitable);
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

struct Fd {
    int fd = -1;
    ~Fd() {
        if (fd >= 0) ::close(fd);
    }
};

} // namespace

void deliver(IncidentBook& book, const std::vector<std::string>& channels, const Sender& send, const std::function<Status()>& save,
             const std::function<void(const std::string&)>& warn) {
    for (auto& message : book.outbox) {
        const auto pending = message.pending;
        for (const auto& channel : pending) {
            if (std::find(channels.begin(), channels.end(), channel) == channels.end()) {
                warn(fmt::format("message {} for {}: the configuration has no such channel now; kept", message.id, channel));
                continue;
            }
            if (const auto sent = send(channel, message); !sent) {
                message.why = sent.error().message;
                warn(fmt::format("message {} not sent by {}: {}; kept for the next night", message.id, channel, message.why));
                continue;
            }
            std::erase(message.pending, channel);
            if (const auto saved = save(); !saved)
                warn(fmt::format("message {} went out by {}, which could not be noted: {}; it may come twice", message.id, channel,
                                 saved.error().message));
        }
    }
    std::erase_if(book.outbox, [](const Message& message) { return message.pending.empty(); });
    if (const auto saved = save(); !saved) warn(saved.error().message);
}

Sender make_sender(const NotifyConfig& config, NotifyWorld world) {
    return [config, world](const std::string& channel, const Message& message) -> Status {
        if (channel == "file" && config.file) return append_message(world.top / config.file->path, message);
        if (channel == "email" && config.email) return send_email(*config.email, message, world.runner);
        if (channel == "webhook" && config.webhook) return post_webhook(*config.webhook, world.top, message, world.patience);
        return fail(Blame::Host, "no such channel is configured");
    };
}

Status append_message(const fs::path& file, const Message& message) {
    const auto cannot = [&](const char* what) {
        return fail(Blame::Host, fmt::format("cannot {} {}: {}", what, file.string(), std::strerror(errno)));
    };
    std::error_code error;
    if (file.has_parent_path()) fs::create_directories(file.parent_path(), error); // that it is missing is told below
    const Fd out{::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)};
    if (out.fd < 0) return cannot("open");
    const auto before = slurp(file);
    for (std::size_t at = 0; at < before.size();) {
        const auto end = std::min(before.find('\n', at), before.size());
        const auto line = nlohmann::json::parse(before.begin() + static_cast<std::ptrdiff_t>(at), before.begin() + static_cast<std::ptrdiff_t>(end),
                                                nullptr, false);
        if (line.is_object() && line.value("id", nlohmann::json()) == message.id) return {};
        at = end + 1;
    }
    // What a killed rig left of a line is ended first.
    const auto line = (before.empty() || before.ends_with('\n') ? "" : "\n") + message_json(message) + "\n";
    for (std::string_view rest = line; !rest.empty();) {
        const auto written = ::write(out.fd, rest.data(), rest.size());
        if (written < 0 && errno != EINTR) return cannot("write");
        if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(out.fd) != 0) return cannot("sync");
    return {};
}

Status send_email(const EmailChannel& channel, const Message& message, CommandRunner& runner) {
    const Scratch scratch;
    if (scratch.dir().empty()) return fail(Blame::Host, "cannot make a scratch folder in TMPDIR");
    const auto date = fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(std::time(nullptr)));
    Command command;
    command.argv = {channel.sendmail.string(), "-i", "-t"};
    command.input = scratch.dir() / "mail";
    command.timeout = kMailPatience;
    RIG_CHECK(write_atomically(command.input, email_text(message, channel, host_name(), date)));
    RIG_TRY(result, runner.run(command));
    if (!result.ok())
        return fail(Blame::Host, fmt::format("{}: {}: {}", channel.sendmail.string(), describe(result), printable(result.out.substr(0, 300))));
    return {};
}

Status post_webhook(const WebhookChannel& channel, const fs::path& top, const Message& message, std::chrono::seconds patience) {
    RIG_TRY(token, read_token(channel, top));
    const bool usual = channel.port == (channel.tls ? 443 : 80);
    const auto host = channel.host.find(':') == std::string::npos ? channel.host : "[" + channel.host + "]";
    Request request(http::verb::post, channel.target, 11);
    request.set(http::field::host, usual ? host : fmt::format("{}:{}", host, channel.port));
    request.set(http::field::user_agent, "rig/" RIG_VERSION);
    request.set(http::field::content_type, "application/json");
    request.set("Idempotency-Key", message.id);
    if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
    request.keep_alive(false);
    request.body() = message_json(message);
    request.prepare_payload();
    const auto where = fmt::format("{}://{}:{}", channel.tls ? "https" : "http", host, channel.port); // the path may hold a secret of its own
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
            return fail(Blame::Host, fmt::format("webhook {}: answered {}, want 2xx", where, status));
    } catch (const std::exception& e) { // of Asio's coroutines and of OpenSSL: the one place where they become an error
        return fail(Blame::Host, fmt::format("webhook {}: {}", where, e.what()));
    }
    return {};
}

} // namespace rig
