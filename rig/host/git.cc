// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/git.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <unistd.h>

namespace rig {

namespace {

// Names of git's variables in our environment, except those that are kept.
std::vector<std::string> variables_of_git() {
    constexpr std::array<std::string_view, 10> kept{"GIT_SSH",
                                                    "GIT_SSL",
                                                    "GIT_HTTP",
                                                    "GIT_PROXY",
                                                    "GIT_ASKPASS",
                                                    "GIT_EXEC_PATH",
                                                    "GIT_CONFIG_GLOBAL",
                                                    "GIT_CONFIG_SYSTEM",
                                                    "GIT_CONFIG_NOSYSTEM",
                                                    "GIT_TERMINAL_PROMPT"};
    std::vector<std::string> names;
    for (char** e = ::environ; e && *e; ++e) {
        const std::string_view variable(*e);
        const auto name = variable.substr(0, variable.find('='));
        if (name.starts_with("GIT_") &&
            std::none_of(kept.begin(), kept.end(),
                         [&](std::string_view prefix) { return name.starts_with(prefix); }))
            names.emplace_back(name);
    }
    return names;
}

std::string_view last_line(std::string_view text) {
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    return text.substr(text.rfind('\n') + 1);
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

} // namespace

Command git_command(const std::filesystem::path& repository, std::vector<std::string> words) {
    Command command;
    command.argv = {"git", "-C", repository.string()};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.env = {{"LC_ALL", "C"}};
    command.unset = variables_of_git();
    return command;
}

Command git_apply_command(const std::filesystem::path& folder, std::vector<std::string> words) {
    words.insert(words.begin(), "apply");
    return git_command_without_repository(folder, std::move(words));
}

Command git_command_without_repository(const std::filesystem::path& folder,
                                       std::vector<std::string> words) {
    Command command;
    command.argv = {"git", "-c", "core.attributesFile=/dev/null"};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.cwd = folder;
    // Neither a repository nor a reason to search for one. GIT_CEILING_DIRECTORIES cannot be used,
    // because a path may contain a colon.
    command.env = {{"LC_ALL", "C"},
                   {"GIT_DIR", "/dev/null"},
                   {"GIT_CONFIG_NOSYSTEM", "1"},
                   {"GIT_CONFIG_GLOBAL", "/dev/null"},
                   {"GIT_ATTR_NOSYSTEM", "1"}};
    command.unset = variables_of_git();
    command.timeout = kGitPatience;
    return command;
}

Result<CommandResult> git(CommandRunner& runner, const std::filesystem::path& repository,
                          std::vector<std::string> words, std::chrono::seconds timeout) {
    auto command = git_command(repository, std::move(words));
    command.timeout = timeout;
    return runner.run(command);
}

bool is_commit(std::string_view word) {
    return (word.size() == 40 || word.size() == 64) &&
           word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::string> commit_of(CommandRunner& runner, const std::filesystem::path& repository,
                              const std::string& revision) {
    RIG_TRY(result, git(runner, repository,
                        {"rev-parse", "--verify", "--end-of-options", revision + "^{commit}"}));
    // Warnings such as "refname 'x' is ambiguous" come before the answer.
    const auto last = last_line(result.out);
    if (result.ok() && is_commit(last)) return std::string(last);
    if (!std::holds_alternative<Exited>(result.outcome))
        return fail(FaultDomain::Host,
                    fmt::format("git rev-parse in {}: {}", repository.string(), describe(result)));
    // Find out whether the name or the repository is wrong.
    RIG_TRY(any, git(runner, repository, {"rev-parse", "--git-dir"}));
    if (!any.ok() && any.out.find("not a git repository") != std::string::npos)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: not a git repository", repository.string()));
    if (!any.ok())
        return fail(
            FaultDomain::Host,
            fmt::format("git cannot read {}: {}", repository.string(),
                        std::holds_alternative<Exited>(any.outcome) ? any.out : describe(any)));
    return fail(FaultDomain::Spec, fmt::format("{}: no commit '{}' in this repository: {}",
                                               repository.string(), revision, last));
}

Result<std::size_t> uncommitted_files(CommandRunner& runner,
                                      const std::filesystem::path& repository) {
    RIG_TRY(inside, git(runner, repository, {"rev-parse", "--is-inside-work-tree"}));
    if (inside.ok() && last_line(inside.out) == "false") return std::size_t{0};
    // Only this folder counts, because only it is built. A renamed file counts as two: the old name
    // and the new one.
    RIG_TRY(status, git(runner, repository,
                        {"--no-optional-locks", "status", "--porcelain", "--no-renames",
                         "--untracked-files=all", "--ignore-submodules=none", "--", "."}));
    if (!status.ok())
        return fail(FaultDomain::Host, fmt::format("git status in {}: {}: {}", repository.string(),
                                                   describe(status), first_line(status.out)));
    return static_cast<std::size_t>(std::count(status.out.begin(), status.out.end(), '\n'));
}

Result<bool> is_ancestor(CommandRunner& runner, const std::filesystem::path& repository,
                         const std::string& older, const std::string& newer) {
    RIG_TRY(result, git(runner, repository, {"merge-base", "--is-ancestor", older, newer},
                        std::chrono::hours(1)));
    if (result.ok()) return true;
    if (result.outcome == decltype(result.outcome){Exited{1}}) return false;
    return fail(FaultDomain::Host, fmt::format("git merge-base in {}: {}: {}", repository.string(),
                                               describe(result), result.out));
}

} // namespace rig
