// SPDX-License-Identifier: GPL-2.0-or-later
// The user's git repositories, by the git program and the user's configuration. Reads only.
#pragma once

#include "rig/host/command_runner.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

inline constexpr std::chrono::seconds kGitPatience{
    120}; // a count over a kernel's history takes seconds on a cold disk

// `git -C REPOSITORY WORDS`, in English, and without the caller's GIT_DIR and its like: in a hook
// or below `git rebase -x` they name another repository. What says how to reach a server, and where
// git's own files and configuration are, stays.
Command git_command(const std::filesystem::path& repository, std::vector<std::string> words);

// For `git apply` in `folder`: whatever surrounds it, and whatever the user has configured, git
// sees no repository. Below a work tree `git apply` would skip the files of a patch with exit code
// 0.
Command git_apply_command(const std::filesystem::path& folder, std::vector<std::string> words);

// Runs git_command(). An error only if git could not be started.
Result<CommandResult> git(CommandRunner& runner, const std::filesystem::path& repository,
                          std::vector<std::string> words,
                          std::chrono::seconds timeout = kGitPatience);

// Forty lower-case hexadecimal digits, or the 64 of a SHA-256 repository.
bool is_commit(std::string_view word);

// The commit that a branch, tag or any other name of git's stands for, in full. FaultDomain::Spec,
// with the repository, the name and git's own reason, if there is none, or if the folder is no
// repository; FaultDomain::Host if git was killed, took too long, or refuses the repository
// (another user's).
Result<std::string> commit_of(CommandRunner& runner, const std::filesystem::path& repository,
                              const std::string& revision);

// Files that differ from what is checked out there, with those git does not know: none in a bare
// repository. FaultDomain::Host if git cannot tell.
Result<std::size_t> uncommitted_files(CommandRunner& runner,
                                      const std::filesystem::path& repository);

// Is it among the other's ancestors, or the same? Both are commits. FaultDomain::Host if git cannot
// tell.
Result<bool> is_ancestor(CommandRunner& runner, const std::filesystem::path& repository,
                         const std::string& older, const std::string& newer);

} // namespace rig
