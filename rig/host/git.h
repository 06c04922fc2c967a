// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the user's git repositories, with the git program and the user's configuration. Changes
// nothing.
#pragma once

#include "rig/host/command_runner.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

inline constexpr std::chrono::seconds kGitPatience{
    // Counting commits in a kernel's history takes seconds on a cold disk.
    120};

// `git -C REPOSITORY WORDS`, with English messages. Removes GIT_DIR and similar variables from the
// environment: in a hook or under `git rebase -x` they name another repository. Variables on how to
// reach servers, and on the location of git's own files and configuration, are kept.
Command git_command(const std::filesystem::path& repository, std::vector<std::string> words);

// A `git apply` in `folder` that sees no repository, whatever surrounds the folder and whatever the
// user has configured. Within a work tree `git apply` would skip files of a patch and still return
// 0.
Command git_apply_command(const std::filesystem::path& folder, std::vector<std::string> words);
// The same for any other command of git that needs no repository; its name is the first word.
Command git_command_without_repository(const std::filesystem::path& folder,
                                       std::vector<std::string> words);

// Runs git_command(). Fails only if git could not be started.
Result<CommandResult> git(CommandRunner& runner, const std::filesystem::path& repository,
                          std::vector<std::string> words,
                          std::chrono::seconds timeout = kGitPatience);

// Whether it is 40 lower-case hexadecimal digits, or the 64 of a SHA-256 repository.
bool is_commit(std::string_view word);

// The full ID of the commit to which a branch, tag or other name refers. FaultDomain::Spec, with
// the repository, the name and git's reason, if there is no such commit or if the folder is no
// repository. FaultDomain::Host if git was killed, timed out, or refuses the repository (another
// user's).
Result<std::string> commit_of(CommandRunner& runner, const std::filesystem::path& repository,
                              const std::string& revision);

// The number of files that differ from the checked-out commit, including untracked ones; 0 in a
// bare repository. FaultDomain::Host if git fails.
Result<std::size_t> uncommitted_files(CommandRunner& runner,
                                      const std::filesystem::path& repository);

// Whether commit `older` is an ancestor of `newer`, or the same commit. FaultDomain::Host if git
// fails.
Result<bool> is_ancestor(CommandRunner& runner, const std::filesystem::path& repository,
                         const std::string& older, const std::string& newer);

} // namespace rig
