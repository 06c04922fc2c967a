// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/open_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig {
namespace {

// Runs in a child, because limits belong to a process.
void with_limits(rlim_t soft, rlim_t hard, const std::string& wanted, rlim_t after) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        const rlimit limit{soft, hard};
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(2);
        const auto status = enough_open_files(64);
        rlimit now{};
        ::getrlimit(RLIMIT_NOFILE, &now);
        if (now.rlim_cur != after) ::_exit(3);
        if (wanted.empty()) ::_exit(status ? 0 : 4);
        if (status || status.error().fault_domain != FaultDomain::Host) ::_exit(5);
        ::_exit(status.error().message == wanted ? 0 : 6);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0) << soft << " " << hard;
}

TEST(OpenFiles, TooLowALimitIsTheHosts) {
    with_limits(
        8, 8, "the limit of open files is 8 ('ulimit -n'; the hard one is 8), want at least 64", 8);
    with_limits(8, 63,
                "the limit of open files is 8 ('ulimit -n'; the hard one is 63), want at least 64",
                8);
    with_limits(64, 64, "", 64);
    with_limits(8, 64, "", 64); // raised
    with_limits(100, 200, "", 100);
}

} // namespace
} // namespace rig
