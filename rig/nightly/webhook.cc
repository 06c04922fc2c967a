// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/webhook.h"

#include "rig/base/files.h"
#include "rig/base/version.h"
#include "rig/nightly/notify.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <string_view>

namespace rig {
namespace {

namespace fs = std::filesystem;

// Reads the token, which must never be part of an error message or other output.
Result<std::string> read_token(const WebhookChannel& channel, const fs::path& top) {
    std::string token, from;
    if (!channel.token_env.empty()) {
        from = "$" + channel.token_env;
        const char* value = std::getenv(channel.token_env.c_str());
        if (!value) return fail(FaultDomain::Host, fmt::format("webhook: {} is not set", from));
        token = value;
    } else if (!channel.token_file.empty()) {
        const auto file = top / channel.token_file;
        from = file.string();
        std::error_code error;
        if (!fs::is_regular_file(file, error))
            return fail(
                FaultDomain::Host,
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
        return fail(FaultDomain::Host,
                    fmt::format("webhook: the token in {} is empty or holds blanks or "
                                "control characters, want one word",
                                from));
    return token;
}

struct CurlEnd {
    void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, CurlEnd>;

bool add(Headers& headers, const std::string& line) {
    auto* longer = ::curl_slist_append(headers.get(), line.c_str());
    if (!longer) return false;
    (void)headers.release();
    headers.reset(longer);
    return true;
}

// The status alone decides whether the message was taken. If a long or truncated body counted, a
// delivered message would count as unsent and be sent again every night. libcurl passes on a header
// line by line. The empty line after it ends the answer, unless the status announces another answer
// (RFC 9110, 15.2).
struct Answer {
    CURL* curl = nullptr;
    long status = 0; // status of a complete header; 0: none yet
};
std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* into) {
    auto& answer = *static_cast<Answer*>(into);
    const std::string_view line(bytes, size);
    if (line != "\r\n" && line != "\n") return size;
    long status = 0;
    ::curl_easy_getinfo(answer.curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 && status != 101) return size;
    answer.status = status;
    return 0; // ends the transfer: the rest does not matter
}

} // namespace

Status post_webhook(const WebhookChannel& channel, const fs::path& top, const Message& message,
                    std::chrono::seconds patience) {
    RIG_TRY(token, read_token(channel, top));
    const auto host =
        channel.host.find(':') == std::string::npos ? channel.host : "[" + channel.host + "]";
    const auto where = fmt::format("{}://{}:{}", channel.tls ? "https" : "http", host,
                                   channel.port); // only the host: the path may contain a secret
    static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    const std::unique_ptr<CURL, CurlEnd> curl(ready ? ::curl_easy_init() : nullptr);
    Headers headers;
    // No "Expect: 100-continue" for a long message.
    bool whole = curl && add(headers, "Content-Type: application/json") &&
                 add(headers, "Idempotency-Key: " + message.id) && add(headers, "Expect:");
    if (!token.empty()) whole = whole && add(headers, "Authorization: Bearer " + token);
    if (!whole) return fail(FaultDomain::Host, fmt::format("webhook {}: no memory", where));
    const auto body = message_json(message), url = where + channel.target,
               agent = "rig/" + rig_version(), ca_file = channel.ca_file.string();
    Answer answer{curl.get()};
    std::array<char, CURL_ERROR_SIZE> words{};
    CURLcode code = CURLE_OK;
    const auto set = [&](CURLoption option, auto value) {
        if (code == CURLE_OK) code = ::curl_easy_setopt(curl.get(), option, value);
    };
    set(CURLOPT_ERRORBUFFER, words.data());
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, ""); // ignores proxy variables, which would send the token elsewhere
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!ca_file.empty()) {
        set(CURLOPT_CAINFO, ca_file.c_str());
        // Trust only the certificates in ca_file.
        set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    set(CURLOPT_USERAGENT, agent.c_str());
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    set(CURLOPT_POSTFIELDS, body.c_str());
    set(CURLOPT_TIMEOUT, static_cast<long>(patience.count())); // for the whole request
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_HEADERFUNCTION, take_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(&answer));
    if (code == CURLE_OK) code = ::curl_easy_perform(curl.get());
    if (answer.status == 0)
        return fail(FaultDomain::Host, fmt::format("webhook {}: {}", where,
                                                   code == CURLE_OK ? "no whole answer came"
                                                   : words[0]       ? words.data()
                                                                    : ::curl_easy_strerror(code)));
    if (answer.status < 200 || answer.status >= 300)
        return fail(FaultDomain::Host,
                    fmt::format("webhook {}: answered {}, want 2xx", where, answer.status));
    return {};
}

} // namespace rig
