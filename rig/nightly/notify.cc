// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/notify.h"

#include "rig/base/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

namespace rig {
namespace {

using nlohmann::json;

// Bytes before encoding: 60 after it, 72 with "=?UTF-8?B?" and "?=". RFC 2047 allows 75.
constexpr std::size_t kEncodedWord = 45;
// RFC 5322: at most 78 recommended, 998 allowed.
constexpr std::size_t kHeaderLine = 76, kBodyLine = 900;
constexpr std::size_t kSubject = 200; // in bytes; the body has the complete text

std::string base64(std::string_view bytes) {
    // One more byte for the terminating zero.
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const auto length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                        reinterpret_cast<const unsigned char*>(bytes.data()),
                                        static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
} // true within a UTF-8 character

// The first `most` bytes at most, without cutting a character.
std::string_view cut(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && continues(text[most]))
        --most;
    return text.substr(0, most);
}

// Returns valid UTF-8; invalid bytes become U+FFFD.
std::string valid_utf8(std::string_view text) {
    return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace))
        .get<std::string>();
}

std::string body_of(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        for (auto rest = std::string_view(text).substr(at, end - at);;) {
            const auto piece = cut(rest, kBodyLine);
            out += printable(piece) + "\n";
            rest.remove_prefix(piece.size());
            if (rest.empty()) break;
        }
        at = end + 1;
    }
    return out;
}

} // namespace

std::string header_value(std::string_view raw) {
    const auto text = printable(valid_utf8(raw));
    const bool ascii =
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
    std::string out;
    if (ascii && text.find("=?") == std::string::npos) {
        std::size_t column = 10; // length of the header name
        for (std::size_t at = 0; at < text.size();) {
            auto end = std::min(text.find(' ', at + 1), text.size());
            if (column + end - at > kHeaderLine && text[at] == ' ' && end > at + 1)
                out += "\n", column = 0;
            out += text.substr(at, end - at);
            column += end - at;
            at = end;
        }
        return out;
    }
    for (std::string_view rest = text; !rest.empty();) {
        const auto piece = cut(rest, kEncodedWord);
        out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\n ", base64(piece));
        rest.remove_prefix(piece.size());
    }
    return out;
}

std::string email_text(const Message& message, const EmailChannel& channel, const std::string& host,
                       const std::string& date) {
    const auto word = [](const std::string& text) {
        std::string out;
        for (const char c : text)
            out += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.'
                       ? c
                       : '-';
        return out;
    };
    std::string out;
    out += fmt::format("From: {}\n",
                       // Addresses were checked when the configuration was read.
                       channel.from);
    out += fmt::format("To: {}\n", fmt::join(channel.to, ",\n "));
    out += fmt::format("Subject: {}\n", header_value(cut(message.subject, kSubject)));
    out += fmt::format("Date: {}\n", date);
    out += fmt::format("Message-ID: <rig.{}@{}>\n", word(message.id), word(host));
    out += "Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; "
           "charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";
    return out + body_of(valid_utf8(message.text));
}

std::string message_json(const Message& message) {
    auto out = json::parse(message.data, nullptr, false);
    if (!out.is_object()) out = json::object();
    out["id"] = message.id;
    out["subject"] = message.subject;
    out["text"] = message.text;
    return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace rig
