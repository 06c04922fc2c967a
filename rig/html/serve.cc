// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/serve.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <optional>

namespace rig {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kMaxRequest = 16 << 10;

bool is_loopback(std::string_view host) {
    if (const auto colon = host.rfind(':');
        colon != host.npos && host.find(']', colon) == host.npos)
        host = host.substr(0, colon);
    return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

// One connection. It lives as long as one of its operations is pending.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
    Connection(tcp::socket socket, const std::function<HttpAnswer(std::string_view)>& answer)
        : stream_(std::move(socket)), answer_(answer) {}

    void read() {
        parser_.emplace();
        parser_->header_limit(kMaxRequest);
        parser_->body_limit(kMaxRequest);
        stream_.expires_after(kPatience);
        http::async_read(stream_, buffer_, *parser_,
                         [self = shared_from_this()](error_code error, std::size_t) {
                             if (!error) self->reply();
                         });
    }

 private:
    void reply() {
        const auto& request = parser_->get();
        HttpAnswer answer;
        if (request.method() != http::verb::get && request.method() != http::verb::head)
            answer = {405, "text/plain; charset=utf-8", "GET and HEAD only\n"};
        else if (const auto host = request[http::field::host];
                 !is_loopback({host.data(), host.size()}))
            answer = {403, "text/plain; charset=utf-8", "served to this machine only\n"};
        else
            answer = answer_({request.target().data(), request.target().size()});
        response_ = {};
        response_.version(request.version());
        response_.result(answer.status);
        response_.set(http::field::content_type, answer.type);
        response_.set(http::field::cache_control, "no-store");
        response_.set("X-Content-Type-Options", "nosniff");
        response_.set("X-Frame-Options", "DENY");
        for (const auto& [name, value] : answer.headers)
            response_.set(name, value);
        response_.keep_alive(request.keep_alive());
        response_.body() = std::move(answer.body);
        response_.prepare_payload();
        if (request.method() == http::verb::head) response_.body().clear();
        http::async_write(stream_, response_,
                          [self = shared_from_this()](error_code error, std::size_t) {
                              if (!error && self->response_.keep_alive()) return self->read();
                              error_code ignored;
                              self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
                          });
    }

    beast::tcp_stream stream_;
    const std::function<HttpAnswer(std::string_view)>& answer_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
};

void accept(tcp::acceptor& acceptor, const std::function<HttpAnswer(std::string_view)>& answer) {
    acceptor.async_accept([&](error_code error, tcp::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (!error) {
            std::make_shared<Connection>(std::move(socket), answer)->read();
            return accept(acceptor, answer);
        }
        // No descriptor is free. An immediate retry would take CPU time from guests.
        auto pause = std::make_shared<asio::steady_timer>(acceptor.get_executor(),
                                                          std::chrono::milliseconds(200));
        pause->async_wait([&acceptor, &answer, pause](error_code) { accept(acceptor, answer); });
    });
}

} // namespace

Status serve(std::uint16_t port, const std::function<HttpAnswer(std::string_view target)>& answer,
             const std::function<void(std::uint16_t)>& listening, std::stop_token stop) {
    asio::io_context io;
    tcp::acceptor acceptor(io);
    const tcp::endpoint here(asio::ip::address_v4::loopback(), port);
    error_code error;
    acceptor.open(here.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(here, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot listen on 127.0.0.1:{}: {}; --port 0 takes any free one",
                                port, error.message()));
    accept(acceptor, answer);
    listening(acceptor.local_endpoint().port());
    std::stop_callback on_stop(stop, [&io] { io.stop(); });
    io.run();
    return {};
}

} // namespace rig
