// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/http_post.h"

#include "rig/base/files.h"
#include "rig/base/version.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>
#include <string_view>

namespace rig {
namespace {

constexpr std::size_t kMostText = 4096;

struct CurlEnd {
    void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
    void operator()(CURLU* url) const { ::curl_url_cleanup(url); }
    void operator()(char* text) const { ::curl_free(text); }
};
using Headers = std::unique_ptr<curl_slist, CurlEnd>;

bool add(Headers& headers, const std::string& line) {
    auto* longer = ::curl_slist_append(headers.get(), line.c_str());
    if (!longer) return false;
    (void)headers.release();
    headers.reset(longer);
    return true;
}

// If a long or truncated body counted, a delivered message would count as unsent and be sent again.
// libcurl passes on a header line by line. The empty line after it ends the answer, unless the
// status announces another answer (RFC 9110, 15.2).
struct Reading {
    CURL* curl = nullptr;
    bool want_text = false;
    HttpReply answer; // status 0: no complete header yet
};

std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* into) {
    auto& reading = *static_cast<Reading*>(into);
    const std::string_view line(bytes, size);
    if (line != "\r\n" && line != "\n") return size;
    long status = 0;
    ::curl_easy_getinfo(reading.curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 && status != 101) return size;
    reading.answer.status = status;
    return reading.want_text ? size : 0; // 0 ends the transfer: the rest does not matter
}

std::size_t take_text(char* bytes, std::size_t, std::size_t size, void* into) {
    auto& text = static_cast<Reading*>(into)->answer.text;
    const auto taken = std::min(size, kMostText - text.size());
    text.append(bytes, taken);
    return taken == size ? size : 0;
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (::curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
    const std::unique_ptr<char, CurlEnd> owned(text);
    return text;
}

} // namespace

Result<HttpUrl> parse_http_url(const std::string& text) {
    const std::unique_ptr<CURLU, CurlEnd> url(::curl_url());
    const bool plain =
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
    const auto bad = [&] {
        return fail(FaultDomain::Spec,
                    "no URL of a server: want https://HOST/PATH, without user and fragment");
    };
    if (!url || !plain || text.size() > 4096 || text.find("://") == text.npos ||
        ::curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
        return bad();
    const auto scheme = part_of(url.get(), CURLUPART_SCHEME),
               host = part_of(url.get(), CURLUPART_HOST);
    if ((scheme != "http" && scheme != "https") || host.empty() ||
        !part_of(url.get(), CURLUPART_USER).empty() ||
        !part_of(url.get(), CURLUPART_PASSWORD).empty() ||
        !part_of(url.get(), CURLUPART_FRAGMENT).empty())
        return bad();
    return HttpUrl{
        text,
        fmt::format("{}://{}:{}", scheme, host,
                    part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)),
        scheme == "https",
        host == "localhost" || host == "[::1]" ||
            (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos)};
}

Result<std::string> read_token(const std::string& who, const std::string& env,
                               const std::filesystem::path& file) {
    std::string token, from;
    if (!env.empty()) {
        from = "$" + env;
        const char* value = std::getenv(env.c_str());
        if (!value) return fail(FaultDomain::Host, fmt::format("{}: {} is not set", who, from));
        token = value;
    } else if (!file.empty()) {
        from = file.string();
        std::error_code error;
        if (!std::filesystem::is_regular_file(file, error))
            return fail(FaultDomain::Host,
                        fmt::format("{}: {}: no such file, want one whose first line is the token",
                                    who, from));
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
                    fmt::format("{}: the token in {} is empty or holds blanks or "
                                "control characters, want one word",
                                who, from));
    return token;
}

Result<HttpReply> http_post(const std::string& who, const HttpPost& post) {
    static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    const std::unique_ptr<CURL, CurlEnd> curl(ready ? ::curl_easy_init() : nullptr);
    Headers headers;
    // No "Expect: 100-continue" for a long message.
    bool whole = curl && add(headers, "Content-Type: application/json") && add(headers, "Expect:");
    for (const auto& line : post.headers)
        whole = whole && add(headers, line);
    if (!post.token.empty()) whole = whole && add(headers, "Authorization: Bearer " + post.token);
    if (!whole) return fail(FaultDomain::Host, fmt::format("{} {}: no memory", who, post.where));
    const auto agent = "rig/" + rig_version(), ca_file = post.ca_file.string();
    Reading reading{curl.get(), post.want_text, {}};
    std::array<char, CURL_ERROR_SIZE> words{};
    CURLcode code = CURLE_OK;
    const auto set = [&](CURLoption option, auto value) {
        if (code == CURLE_OK) code = ::curl_easy_setopt(curl.get(), option, value);
    };
    set(CURLOPT_ERRORBUFFER, words.data());
    set(CURLOPT_URL, post.url.c_str());
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
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
    set(CURLOPT_POSTFIELDS, post.body.c_str());
    set(CURLOPT_TIMEOUT, static_cast<long>(post.patience.count())); // for the whole request
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_HEADERFUNCTION, take_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(&reading));
    set(CURLOPT_WRITEFUNCTION, take_text);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&reading));
    if (code == CURLE_OK) code = ::curl_easy_perform(curl.get());
    if (reading.answer.status == 0)
        return fail(FaultDomain::Host, fmt::format("{} {}: {}", who, post.where,
                                                   code == CURLE_OK ? "no whole answer came"
                                                   : words[0]       ? words.data()
                                                                    : ::curl_easy_strerror(code)));
    return std::move(reading.answer);
}

} // namespace rig
