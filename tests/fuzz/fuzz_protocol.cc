// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes of a hostile guest: the same frames however they arrive, none larger than allowed, and
// artifacts whose names are data.
#include "guest/protocol/protocol.h"
#include "tests/fuzz/fuzz.h"

#include <vector>

using namespace rig;

namespace {
std::vector<guest::Frame> frames(std::string_view bytes, bool pieces, std::string& error) {
    guest::FrameReader reader;
    std::vector<guest::Frame> out;
    const auto feed = [&](std::string_view piece) {
        reader.feed(piece);
        while (auto frame = reader.next())
            out.push_back(std::move(*frame));
    };
    if (pieces)
        fuzz::in_pieces(bytes, feed);
    else
        feed(bytes);
    error = reader.error();
    return out;
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = fuzz::view(data, size);
    std::string error, same_error;
    const auto all = frames(bytes, false, error), same = frames(bytes, true, same_error);
    fuzz::promise(error == same_error && all.size() == same.size(), "pieces make a difference");
    for (std::size_t i = 0; i < all.size(); ++i) {
        fuzz::promise(all[i].payload == same[i].payload && all[i].type == same[i].type,
                      "pieces make another frame");
        fuzz::promise(all[i].payload.size() <= guest::kMaxPayload, "a frame beyond its bound");
        const auto artifact = guest::decode_artifact(all[i].payload);
        if (!artifact) continue;
        fuzz::promise(!artifact->name.empty() && artifact->name.size() <= 64 &&
                          artifact->name.find('/') == std::string::npos,
                      "a name that is a path");
        fuzz::promise(
            guest::encode_artifact(artifact->name, artifact->chunk).find(all[i].payload) !=
                std::string::npos,
            "an artifact that does not round-trip");
    }
    return 0;
}
