// SPDX-License-Identifier: GPL-2.0-or-later
// A git repository of a kernel tree. Its commits are the same in every run, so that the base's tree
// and objects are in the cache of the one before.
#pragma once

#include "rig/host/boost_command_runner.h"

#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>

namespace rig::testing {

class GeneratedRepository {
 public:
    // <folder>/linux, on its branch `base` with the one commit "base"; without a work tree, since
    // nobody needs the files.
    GeneratedRepository(const std::filesystem::path& folder, const std::filesystem::path& tree)
        : dir_(folder / "linux") {
        std::filesystem::create_directories(dir_);
        sh(fmt::format("git init -q -b base . && git config gc.auto 0 && git --work-tree={} add -A "
                       "-f && git commit -qm base",
                       tree.string()));
    }
    const std::filesystem::path& dir() const { return dir_; }

    void sh(const std::string& script) const {
        Command command;
        command.argv = {"sh", "-ec", script};
        command.cwd = dir_;
        command.timeout = std::chrono::seconds(900);
        command.env = {{"GIT_AUTHOR_NAME", "rig"},
                       {"GIT_AUTHOR_EMAIL", "rig@localhost"},
                       {"GIT_COMMITTER_NAME", "rig"},
                       {"GIT_COMMITTER_EMAIL", "rig@localhost"},
                       {"GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"},
                       {"GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"},
                       {"GIT_CONFIG_GLOBAL", "/dev/null"},
                       {"LC_ALL", "C"}};
        BoostCommandRunner runner;
        const auto result = runner.run(command);
        ASSERT_TRUE(result && result->ok())
            << script << ": " << (result ? result->out : result.error().message);
    }
    // A branch from another one, and on it.
    void branch(const std::string& name, const std::string& from = "base") const {
        sh(fmt::format(
            "git branch -f {0} {1} && git symbolic-ref HEAD refs/heads/{0} && git read-tree {1}",
            name, from));
    }
    void commit(const std::filesystem::path& patch, const std::string& subject) const {
        sh(fmt::format("git apply --cached {} && git commit -qm '{}'", patch.string(), subject));
    }

 private:
    std::filesystem::path dir_;
};

} // namespace rig::testing
