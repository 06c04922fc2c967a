// SPDX-License-Identifier: GPL-2.0-or-later
// Decodes what the guest's agent sends while it runs, frame by frame (guest/protocol/protocol.h).
#pragma once

#include "guest/protocol/protocol.h"
#include "rig/guest_output/sample_builder.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rig {

// The guest's side of the conversation, filled as it arrives.
struct Conversation {
    guest::FrameReader reader;
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    std::optional<std::chrono::steady_clock::time_point> ready;
    Artifacts artifacts;
    std::string release, version, failure, violation;
    bool result = false, bye = false;

    // Takes the next bytes of the channel. Returns false if they violate the protocol; `violation`
    // then describes how.
    bool take(std::string_view bytes);

 private:
    void handle(const guest::Frame& frame);
};

} // namespace rig
