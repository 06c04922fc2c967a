// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's end of the virtio-serial channel, and the plan in its initramfs.
#pragma once

#include "guest/protocol/protocol.h"

#include <string>
#include <string_view>

namespace rig::guest {

constexpr std::size_t kMaxTail = 1 << 20;

class Channel {
 public:
    // Finds the port named kChannelName under /sys/class/virtio-ports and opens it; false if there
    // is none.
    bool open();
    void send(FrameType type, std::string_view payload);
    // Sends the file's content as Artifact frames; an empty or missing file becomes one empty
    // chunk.
    void send_file(std::string_view name, const std::string& path);
    // Like send_file(), but sends only the last kMaxTail bytes: for files that may become very
    // large.
    void send_tail(std::string_view name, const std::string& path);
    void send_text(std::string_view name, std::string_view text);
    void log(const std::string& line);

 private:
    void write_all(std::string_view bytes);
    int fd_ = -1;
};

// The payload of the one frame in kPlanFile. Empty on error.
std::string read_plan(std::string& error);

} // namespace rig::guest
