// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/channel.h"

#include "guest/files.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace rig::guest {

bool Channel::open() {
    const std::string ports = "/sys/class/virtio-ports";
    DIR* dir = ::opendir(ports.c_str());
    if (!dir) return false;
    while (const dirent* entry = ::readdir(dir)) {
        std::string name;
        if (!read_file(ports + "/" + entry->d_name + "/name", name)) continue;
        if (name == std::string(kChannelName) + "\n") {
            fd_ = ::open((std::string("/dev/") + entry->d_name).c_str(), O_WRONLY | O_CLOEXEC);
            break;
        }
    }
    ::closedir(dir);
    return fd_ >= 0;
}

void Channel::write_all(std::string_view bytes) {
    while (fd_ >= 0 && !bytes.empty()) {
        // The driver copies at most 32 KiB per write, so short writes are normal.
        const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

void Channel::send(FrameType type, std::string_view payload) {
    write_all(encode(type, payload));
}

void Channel::log(const std::string& line) {
    send(FrameType::Log, line);
}

void Channel::send_file(std::string_view name, const std::string& path) {
    std::string content;
    read_file(path, content);
    send_text(name, content);
}

void Channel::send_tail(std::string_view name, const std::string& path) {
    send_text(name, tail(path, kMaxTail));
}

void Channel::send_text(std::string_view name, std::string_view rest) {
    constexpr std::size_t kChunk = 256 * 1024;
    do {
        const auto chunk = rest.substr(0, kChunk);
        write_all(encode_artifact(name, chunk));
        rest.remove_prefix(chunk.size());
    } while (!rest.empty());
}

std::string read_plan(std::string& error) {
    FrameReader reader;
    std::string bytes;
    if (!read_file(kPlanFile, bytes)) {
        error = errno_text(kPlanFile);
        return {};
    }
    reader.feed(bytes);
    const auto frame = reader.next();
    if (frame && frame->type == FrameType::Plan) return frame->payload;
    error = !reader.error().empty()
                ? reader.error()
                : std::string(kPlanFile) + (frame ? " is not a plan" : " ends inside a frame");
    return {};
}

} // namespace rig::guest
