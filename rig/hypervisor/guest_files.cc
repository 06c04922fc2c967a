// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/guest_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <iterator>
#include <string>

namespace rig {
namespace {

std::filesystem::path piece_before(const std::filesystem::path& console) {
    return console.string() + ".0";
}

} // namespace

GuestFiles::GuestFiles(const BootRequest& request,
                       const std::function<bool(std::string_view)>& on_bytes)
    : request_(request), on_bytes_(on_bytes) {
    std::error_code none;
    if (!request.console_log.empty()) {
        std::ofstream console(request.console_log);
        std::filesystem::remove(piece_before(request.console_log), none); // from an earlier attempt
    }
    if (request.channel.empty()) return;
    std::ofstream channel(request.channel);
    channel_.open(request.channel, std::ios::binary);
}

Status GuestFiles::made() const {
    if (request_.channel.empty() || channel_.is_open()) return {};
    return fail(FaultDomain::Host,
                fmt::format("cannot make {}: {}", request_.channel.string(), std::strerror(errno)));
}

bool GuestFiles::read() {
    while (channel_.is_open()) {
        channel_.clear(); // the file may have grown since the last end of file
        channel_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
        const auto n = static_cast<std::size_t>(channel_.gcount());
        if (n == 0) break;
        if (!on_bytes_({buffer_.data(), n})) return false;
    }
    return true;
}

bool GuestFiles::flooded() const {
    std::error_code error;
    return !request_.console_log.empty() &&
           std::filesystem::file_size(request_.console_log, error) > kMaxConsole && !error;
}

bool GuestFiles::halted() {
    if (request_.console_log.empty()) return false;
    std::error_code error;
    const auto size = std::filesystem::file_size(request_.console_log, error);
    if (error) return false;
    const auto now = std::chrono::steady_clock::now();
    if (size != console_size_) {
        console_size_ = size;
        console_since_ = now;
        std::ifstream console(request_.console_log, std::ios::binary);
        console.seekg(-static_cast<std::streamoff>(std::min<std::uintmax_t>(size, 200)),
                      std::ios::end);
        const std::string tail{std::istreambuf_iterator<char>(console), {}};
        const auto line = tail.rfind("reboot: ");
        says_halted_ = line != tail.npos && tail.find('\n', line) >= tail.size() - 1 &&
                       tail.find("System halted", line) != tail.npos;
    }
    return says_halted_ && now - console_since_ > std::chrono::seconds(1);
}

bool GuestFiles::rotated() const {
    return !request_.console_log.empty() &&
           std::filesystem::exists(piece_before(request_.console_log));
}

} // namespace rig
