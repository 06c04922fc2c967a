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

// `git -C REPOSITORY WORDS`, in English. An error only if git could not be started.
Result<CommandResult> git(CommandRunner& runner, const std::filesystem::path& repository,
                          std::vector<std::string> words,
                          std::chrono::seconds timeout = kGitPatience);

// Forty lower-case hexadecimal digits, or the 64 of a SHA-256 repository.
bool is_commit(std::string_view word);

// The commit that a branch, tag or any other name of git's stands for, in full. Blame::Spec, with
// the repository, the name and git's own reason, if there is none; Blame::Host if git was killed or
// took too long.
Result<std::string> commit_of(CommandRunner& runner, const std::filesystem::path& repository,
                              const std::string& revision);

// Is it among the other's ancestors, or the same? Both are commits. Blame::Host if git cannot tell.
Result<bool> is_ancestor(CommandRunner& runner, const std::filesystem::path& repository,
                         const std::string& older, const std::string& newer);

} // namespace rig
