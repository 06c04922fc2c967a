// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace rig::guest {
namespace {

bool write_with(const std::string& path, std::string_view text, int flags) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags);
    if (fd < 0) return false;
    const ssize_t n = ::write(fd, text.data(), text.size());
    const int saved = errno;
    ::close(fd);
    errno = saved;
    return n == static_cast<ssize_t>(text.size());
}

} // namespace

bool read_file(const std::string& path, std::string& out) {
    out.clear();
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char buffer[65536];
    ssize_t n = 0;
    while ((n = ::read(fd, buffer, sizeof buffer)) > 0)
        out.append(buffer, static_cast<std::size_t>(n));
    ::close(fd);
    return n == 0;
}

bool write_file(const std::string& path, std::string_view text) {
    return write_with(path, text, O_CREAT | O_TRUNC);
}

bool copy_file(const std::string& from, const std::string& to) {
    std::string text;
    return read_file(from, text) && write_file(to, text);
}

bool append_line(const std::string& path, std::string_view line) {
    return write_with(path, std::string(line) + "\n", O_APPEND);
}

std::string tail(const std::string& path, std::size_t most) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    const off_t size = ::lseek(fd, 0, SEEK_END),
                from = std::max<off_t>(0, size - static_cast<off_t>(most));
    std::string text(most, '\0');
    const ssize_t n = ::pread(fd, text.data(), most, from);
    ::close(fd);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, n)));
    return text;
}

std::string errno_text(const std::string& what) {
    return what + ": " + std::strerror(errno);
}

} // namespace rig::guest
