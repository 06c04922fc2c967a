// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/git.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <cstdlib>

namespace rig {
namespace {

using testing::exits;
using testing::FakeCommandRunner;
using testing::TempTree;

class Git : public ::testing::Test {
 protected:
    Git() {
        for (const char* name : {"one", "other"}) {
            dir.put(std::string(name) + "/f", name);
            sh(std::string("cd ") + name +
               " && git init -q && git add -A && git -c user.name=t -c user.email=t@t.example "
               "commit -qm " +
               name);
        }
    }
    ~Git() override {
        for (const char* name : {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_TRACE"})
            ::unsetenv(name);
    }
    void sh(const std::string& script) {
        Command command;
        command.argv = {"sh", "-ec", script};
        command.cwd = dir.path();
        const auto result = runner.run(command);
        ASSERT_TRUE(result && result->ok()) << result->out;
    }
    TempTree dir;
    BoostCommandRunner runner;
};

// As in a hook of another repository, or under `git rebase -x`.
TEST_F(Git, TheCallersGitVariablesAreIgnored) {
    const auto wanted = commit_of(runner, dir / "one", "HEAD"),
               other = commit_of(runner, dir / "other", "HEAD");
    ASSERT_TRUE(wanted && other);
    ::setenv("GIT_DIR", (dir / "other/.git").c_str(), 1);
    ::setenv("GIT_WORK_TREE", (dir / "other").c_str(), 1);
    ::setenv("GIT_INDEX_FILE", (dir / "other/.git/index").c_str(), 1);
    ::setenv("GIT_TRACE", "1", 1);
    EXPECT_NE(*wanted, *other);
    EXPECT_EQ(commit_of(runner, dir / "one", "HEAD").value_or("none"), *wanted);
    EXPECT_EQ(uncommitted_files(runner, dir / "one").value_or(99), 0U);
}

TEST_F(Git, ARepositoryThatGitRefusesIsTheHostsFault) {
    FakeCommandRunner fake;
    fake.on({"git"},
            exits(128, "fatal: detected dubious ownership in repository at '/x'\nTo add an "
                       "exception for this directory, call:\n"));
    const auto refused = commit_of(fake, "/x", "HEAD");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault_domain, FaultDomain::Host);
    EXPECT_TRUE(refused.error().message.starts_with(
        "git cannot read /x: fatal: detected dubious ownership"))
        << refused.error().message;

    const auto none = commit_of(runner, dir / "one", "no-such-branch");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().fault_domain, FaultDomain::Spec);
    std::filesystem::create_directory(dir / "plain");
    const auto plain = commit_of(runner, dir / "plain", "HEAD");
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error().fault_domain, FaultDomain::Spec);
    EXPECT_EQ(plain.error().message, (dir / "plain").string() + ": not a git repository");
}

TEST_F(Git, CountsWhatIsNotCommitted) {
    EXPECT_EQ(uncommitted_files(runner, dir / "one").value_or(99), 0U);
    dir.put("one/f", "changed");
    dir.put("one/new/a", "a");
    dir.put("one/new/b", "b");
    EXPECT_EQ(uncommitted_files(runner, dir / "one").value_or(99), 3U);
    sh("git clone -q --bare one bare");
    EXPECT_EQ(uncommitted_files(runner, dir / "bare").value_or(99), 0U);
}

} // namespace
} // namespace rig
