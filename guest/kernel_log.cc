// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel_log.h"

#include "guest/protocol/protocol.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace rig::guest {
namespace {

constexpr unsigned kDebug = 7; // LOGLEVEL_DEBUG

// Removes a number and the character after it from the front of the text.
bool take_number(std::string_view& text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data() + text.size()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    return true;
}

// /dev/kmsg escapes unprintable characters, such as line ends within a record, as \x0a.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' &&
            std::from_chars(&text[i + 2], &text[i + 2] + 2, byte, 16).ptr == &text[i + 2] + 2) {
            out += static_cast<char>(byte);
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

} // namespace

void KernelLogText::mark_lost() {
    if (!text_.ends_with(std::string(kLogOverran) + "\n")) text_ += std::string(kLogOverran) + "\n";
}

// A record is "6,339,5140900,-,caller=T1;text\n KEY=value\n": priority, sequence number,
// microseconds, flags and further fields.
void KernelLogText::add(std::string_view record) {
    std::uint64_t priority = 0, sequence = 0, us = 0;
    auto rest = record;
    const auto head_end = record.find(';');
    if (!take_number(rest, priority) || !take_number(rest, sequence) || !take_number(rest, us) ||
        head_end == record.npos)
        return;
    if (sequence != expected_) mark_lost();
    expected_ = sequence + 1;
    // Facility 0 is the kernel's, and programs cannot use it. A program's debug message is kept,
    // because a console that shows debug messages does not distinguish it from others.
    const bool of_program = (priority >> 3) != 0;
    if ((priority & 7) == kDebug && !of_program) return;
    if (text_.size() > kMaxKernelLog) return mark_lost();
    const auto head = record.substr(0, head_end);
    std::string stamp(40, '\0');
    stamp.resize(
        static_cast<std::size_t>(std::snprintf(stamp.data(), stamp.size(), "[%5llu.%06llu]",
                                               static_cast<unsigned long long>(us / 1'000'000),
                                               static_cast<unsigned long long>(us % 1'000'000))));
    if (const auto caller = head.find("caller="); caller != head.npos) {
        auto name = head.substr(caller + 7);
        name = name.substr(0, name.find(','));
        stamp +=
            "[" + std::string(name.size() < 6 ? 6 - name.size() : 0, ' ') + std::string(name) + "]";
    }
    stamp += of_program ? std::string(kUserSpace) + " " : " ";
    const auto body = record.substr(head_end + 1);
    const auto message = unescaped(body.substr(0, body.find('\n')));
    for (std::size_t begin = 0;;) { // every line gets the same time stamp, as on the console
        const auto end = message.find('\n', begin);
        text_ += stamp + message.substr(begin, end - begin) + "\n";
        if (end == message.npos) return;
        begin = end + 1;
    }
}

KernelLog::KernelLog() : fd_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}

KernelLog::~KernelLog() {
    if (fd_ >= 0) ::close(fd_);
}

std::string KernelLog::read() {
    KernelLogText log;
    // A read with too little room for a record fails with EINVAL; the kernel's own limit is 8 KiB.
    std::vector<char> record(16 * 1024);
    while (fd_ >= 0) {
        const auto n = ::read(fd_, record.data(), record.size());
        if (n > 0) {
            log.add({record.data(), static_cast<std::size_t>(n)});
            continue;
        }
        if (n < 0 && errno == EINTR) continue;
        // Records were overwritten; the next read returns the oldest that is left.
        if (n < 0 && errno == EPIPE) {
            log.mark_lost();
            continue;
        }
        if (n < 0 && errno != EAGAIN) log.mark_lost();
        break;
    }
    return log.text();
}

} // namespace rig::guest
