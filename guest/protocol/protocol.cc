// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/protocol/protocol.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace rig::guest {
namespace {

constexpr std::string_view kMagic = "RIGf";
constexpr std::size_t kHeader = 12;
constexpr std::size_t kMaxName = 64;

void put(std::string& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
        out.push_back(static_cast<char>(value >> (8 * i)));
}

std::uint32_t get(const char* p, int bytes) {
    std::uint32_t value = 0;
    for (int i = 0; i < bytes; ++i)
        value |= std::uint32_t{static_cast<unsigned char>(p[i])} << (8 * i);
    return value;
}

bool good_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxName || name.front() == '.') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    });
}

} // namespace

// Callers must keep the limit. abort(), not assert(), because assert() puts the file's path and
// line into the agent's bytes; moving the code would then change results under the virtual clock.
std::string encode(FrameType type, std::string_view payload) {
    if (payload.size() > kMaxPayload) std::abort();
    std::string out(kMagic);
    put(out, kProtocolVersion, 2);
    put(out, static_cast<std::uint16_t>(type), 2);
    put(out, static_cast<std::uint32_t>(payload.size()), 4);
    out += payload;
    return out;
}

std::string encode_artifact(std::string_view name, std::string_view chunk) {
    if (!good_name(name)) std::abort();
    std::string payload(1, static_cast<char>(name.size()));
    payload += name;
    payload += chunk;
    return encode(FrameType::Artifact, payload);
}

std::optional<Artifact> decode_artifact(std::string_view payload) {
    if (payload.empty()) return std::nullopt;
    const auto length = static_cast<unsigned char>(payload[0]);
    if (payload.size() < 1u + length) return std::nullopt;
    const auto name = payload.substr(1, length);
    if (!good_name(name)) return std::nullopt;
    return Artifact{std::string(name), std::string(payload.substr(1 + length))};
}

void FrameReader::feed(std::string_view bytes) {
    total_ += bytes.size();
    if (!error_.empty()) return;
    if (total_ > kMaxStream) {
        error_ = "the guest sent more than " + std::to_string(kMaxStream >> 20) + " MiB";
        buffer_.clear();
        return;
    }
    buffer_ += bytes;
}

std::optional<Frame> FrameReader::next() {
    if (!error_.empty() || buffer_.size() < kHeader) return std::nullopt;
    const auto bad = [this](std::string what) {
        error_ = std::move(what);
        buffer_.clear();
        return std::nullopt;
    };
    if (buffer_.compare(0, kMagic.size(), kMagic) != 0) {
        char shown[16];
        std::snprintf(shown, sizeof shown, "%02x %02x %02x %02x", buffer_[0] & 0xff,
                      buffer_[1] & 0xff, buffer_[2] & 0xff, buffer_[3] & 0xff);
        return bad(std::string("bad frame magic ") + shown + ", want \"RIGf\"");
    }
    const auto version = get(buffer_.data() + 4, 2);
    if (version != kProtocolVersion)
        return bad("bad protocol version " + std::to_string(version) + ", want " +
                   std::to_string(kProtocolVersion));
    const auto type = get(buffer_.data() + 6, 2);
    if (type < static_cast<unsigned>(FrameType::Hello) ||
        type > static_cast<unsigned>(FrameType::Bye))
        return bad("bad frame type " + std::to_string(type) + ", want 1..7");
    const auto length = get(buffer_.data() + 8, 4);
    if (length > kMaxPayload)
        return bad("bad frame length " + std::to_string(length) + ", want at most " +
                   std::to_string(kMaxPayload));
    if (buffer_.size() < kHeader + length) return std::nullopt;
    Frame frame{static_cast<FrameType>(type), buffer_.substr(kHeader, length)};
    buffer_.erase(0, kHeader + length);
    return frame;
}

} // namespace rig::guest
