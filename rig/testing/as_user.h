// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a check as another user, in a child process of the test.
#pragma once

#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace rig::testing {

inline constexpr uid_t kNobody = 65534, kNoOne = 54321; // kNoOne has no entry in passwd

// Returns the result of `check` in a child process with this user. Tests that use it run as root,
// else they are skipped. The child also has an environment of its own.
inline std::string as_user(uid_t user, const std::function<std::string()>& check) {
    int fds[2];
    if (::pipe(fds) != 0) return "pipe";
    const pid_t pid = ::fork();
    if (pid == 0) {
        const auto text = ::seteuid(user) == 0 ? check() : std::string("seteuid");
        const auto written = ::write(fds[1], text.data(), text.size());
        ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    ::close(fds[1]);
    std::string text(4096, '\0');
    const auto size = ::read(fds[0], text.data(), text.size());
    ::close(fds[0]);
    ::waitpid(pid, nullptr, 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

} // namespace rig::testing
