// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/scratch_dir.h"

#include "rig/testing/temp_tree.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

unsigned folders(const fs::path& dir) {
    return static_cast<unsigned>(
        std::distance(fs::directory_iterator(dir), fs::directory_iterator()));
}

// Starts a process that creates a scratch folder, and is then killed or lives until `done` is
// written to.
pid_t owner(int ready, int done) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    const Scratch scratch;
    std::ofstream(scratch.dir() / "initrd") << "x";
    char byte = 0;
    [[maybe_unused]] const auto n = ::write(ready, "x", 1) + ::read(done, &byte, 1);
    ::_exit(fs::exists(scratch.dir() / "initrd") ? 0 : 1);
}

TEST(Scratch, IsRemovedAtItsEndOrAfterItsOwnersDeath) {
    testing::TempTree tmp;
    ::setenv("TMPDIR", tmp.path().c_str(), 1);
    {
        const Scratch scratch;
        EXPECT_TRUE(fs::exists(scratch.dir()));
        remove_abandoned_scratch();
        EXPECT_EQ(folders(tmp.path()), 1u) << "not one's own";
    }
    EXPECT_EQ(folders(tmp.path()), 0u);
    fs::create_directory(tmp.path() /
                         "rig-scratch-foreign"); // has no lock file: not created by rig
    fs::create_directory(tmp.path() / "other");
    int ready[2], done[2];
    ASSERT_EQ(::pipe(ready) + ::pipe(done), 0);
    const pid_t living = owner(ready[1], done[0]), killed = owner(ready[1], done[0]);
    char bytes[2];
    ASSERT_EQ(::read(ready[0], bytes, 1) + ::read(ready[0], bytes, 1), 2);
    remove_abandoned_scratch();
    EXPECT_EQ(folders(tmp.path()), 4u) << "both live";
    int status = 0;
    ::kill(killed, SIGKILL);
    ::waitpid(killed, &status, 0);
    EXPECT_EQ(folders(tmp.path()), 4u);
    remove_abandoned_scratch();
    EXPECT_EQ(folders(tmp.path()), 3u);
    ASSERT_EQ(::write(done[1], "x", 1), 1);
    ::waitpid(living, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0) << "the living one's was left alone";
    for (const int fd : {ready[0], ready[1], done[0], done[1]})
        ::close(fd);
    ::unsetenv("TMPDIR");
}

TEST(Scratch, SaysWhereItCouldNotBeMadeAndWhy) {
    testing::TempTree tmp;
    EXPECT_TRUE(Scratch().made());
    ::setenv("TMPDIR", tmp.put("file", "").c_str(), 1);
    const auto made = Scratch().made();
    ::unsetenv("TMPDIR");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(made.error().message, "cannot make a scratch folder in " + (tmp / "file").string() +
                                        ": Not a directory; set TMPDIR to one that can be written");
}

} // namespace
} // namespace rig
