// SPDX-License-Identifier: GPL-2.0-or-later
// What the fuzz targets share. Built by clang only: see tests/fuzz/README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace rig::fuzz {

// A broken promise is a crash to libFuzzer, which keeps the input.
inline void promise(bool kept, const char* what) {
    if (kept) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// Calls `feed` with all of `bytes`, in pieces whose sizes the bytes themselves give.
template<class Feed> void in_pieces(std::string_view bytes, Feed feed) {
    std::size_t piece = 1;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        piece = 1 + static_cast<unsigned char>(bytes[at]) % 61;
        feed(bytes.substr(at, piece));
    }
}

} // namespace rig::fuzz
