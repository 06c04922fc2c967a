// SPDX-License-Identifier: GPL-2.0-or-later
// A server on loopback that accepts POST requests, plain or TLS, and stores them; and certificates
// for it.
#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rig::testing {

struct Certificate {
    std::string certificate, key; // PEM
};

// A self-signed certificate for this DNS name, valid for one day.
inline Certificate make_certificate(const std::string& name) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
    X509_set_version(x509.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86400);
    X509_set_pubkey(x509.get(), key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(x509.get(), X509_get_subject_name(x509.get()));
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> san(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str()),
        X509_EXTENSION_free);
    X509_add_ext(x509.get(), san.get(), -1);
    X509_sign(x509.get(), key.get(), EVP_sha256());
    const auto pem = [](auto write) {
        const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
        write(bio.get());
        char* data = nullptr;
        const auto size = BIO_get_mem_data(bio.get(), &data);
        return std::string(data, static_cast<std::size_t>(size));
    };
    return {pem([&](BIO* bio) { PEM_write_bio_X509(bio, x509.get()); }), pem([&](BIO* bio) {
                PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            })};
}

class WebhookServer {
 public:
    using Request = boost::beast::http::request<boost::beast::http::string_body>;
    // Answers every request with `status` (0: never answers), or with exactly `bytes`. Then it
    // closes the connection, with TLS without close_notify.
    explicit WebhookServer(unsigned status = 204, const Certificate* certificate = nullptr,
                           std::string bytes = {})
        : status_(status), bytes_(std::move(bytes)),
          acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {
        if (certificate) {
            tls_ =
                std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
            tls_->use_certificate_chain(boost::asio::buffer(certificate->certificate));
            tls_->use_private_key(boost::asio::buffer(certificate->key),
                                  boost::asio::ssl::context::pem);
        }
        port_ = acceptor_.local_endpoint().port();
        accept();
        thread_ = std::jthread([this] { io_.run(); });
    }
    ~WebhookServer() { io_.stop(); }
    std::uint16_t port() const { return port_; }
    std::vector<Request> requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

 private:
    void accept() {
        acceptor_.async_accept(
            [this](boost::system::error_code error, boost::asio::ip::tcp::socket socket) {
                if (error) return;
                // Handles one connection after the other, each to its end: tests make one request
                // at a time.
                boost::system::error_code ignored;
                if (tls_) {
                    boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(std::move(socket),
                                                                                  *tls_);
                    stream.handshake(boost::asio::ssl::stream_base::server, ignored);
                    if (!ignored) answer(stream);
                } else if (status_ == 0) {
                    silent_.push_back(std::move(socket));
                } else {
                    answer(socket);
                }
                accept();
            });
    }
    template<class Stream> void answer(Stream& stream) {
        namespace http = boost::beast::http;
        boost::system::error_code error;
        boost::beast::flat_buffer buffer;
        Request request;
        http::read(stream, buffer, request, error);
        if (error) return;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
        }
        if (!bytes_.empty()) {
            boost::asio::write(stream, boost::asio::buffer(bytes_), error);
            return;
        }
        http::response<http::string_body> response(static_cast<http::status>(status_), 11);
        response.prepare_payload();
        http::write(stream, response, error);
    }

    unsigned status_;
    std::string bytes_;
    boost::asio::io_context io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::unique_ptr<boost::asio::ssl::context> tls_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::vector<Request> requests_;
    std::vector<boost::asio::ip::tcp::socket> silent_;
    std::jthread thread_; // declared last, so joined first
};

} // namespace rig::testing
