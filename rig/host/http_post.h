// SPDX-License-Identifier: GPL-2.0-or-later
// Posts to a server over HTTP or HTTPS with libcurl. https: the certificate must match the host
// name, with TLS 1.2 or later. Redirects and proxies are not followed, since the token must not go
// to another server. The token is in no error message and in no log.
#pragma once

#include "rig/base/error.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace rig {

struct HttpUrl {
    std::string text;  // as it was given
    std::string where; // "https://host:443", for messages: the path may contain a secret
    bool tls = false;
    bool loopback = false; // localhost or an address of the loopback interface
};

// FaultDomain::Spec, with what is accepted: http or https, a host, no user, no fragment.
Result<HttpUrl> parse_http_url(const std::string& text);

// The first line of `file`, or the environment variable `env` if that is not empty; "" if both are
// empty. `who` begins messages. FaultDomain::Host: not there, or not one word.
Result<std::string> read_token(const std::string& who, const std::string& env,
                               const std::filesystem::path& file);

struct HttpPost {
    std::string url, where;           // see HttpUrl
    std::vector<std::string> headers; // "Name: value"
    std::string token;                // of "Authorization: Bearer"; "": none
    std::string body;
    std::filesystem::path ca_file; // the only certificates to trust; empty: those of the host
    std::chrono::seconds patience{30};
    bool want_text = false; // read what follows the header, too
};

struct HttpReply {
    long status = 0;
    std::string text; // with want_text: its beginning, at most 4 KiB, of any bytes
};

// The status alone decides whether the server took the body: whatever follows a complete header is
// no error. FaultDomain::Host, "WHO WHERE: ...": no complete header came within `patience`.
Result<HttpReply> http_post(const std::string& who, const HttpPost& post);

} // namespace rig
