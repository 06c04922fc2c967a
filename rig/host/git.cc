// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/git.h"

#include <fmt/format.h>

namespace rig {

Result<CommandResult> git(CommandRunner& runner, const std::filesystem::path& repository,
                          std::vector<std::string> words, std::chrono::seconds timeout) {
    Command command;
    command.argv = {"git", "-C", repository.string()};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.env = {{"LC_ALL", "C"}};
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
    // Warnings come before the answer ("refname 'x' is ambiguous").
    std::string_view last = result.out;
    while (last.ends_with('\n'))
        last.remove_suffix(1);
    last = last.substr(last.rfind('\n') + 1);
    if (result.ok() && is_commit(last)) return std::string(last);
    if (!std::holds_alternative<Exited>(result.outcome))
        return fail(Blame::Host,
                    fmt::format("git rev-parse in {}: {}", repository.string(), describe(result)));
    return fail(Blame::Spec, fmt::format("{}: no commit '{}' in this repository: {}",
                                         repository.string(), revision, last));
}

Result<bool> is_ancestor(CommandRunner& runner, const std::filesystem::path& repository,
                         const std::string& older, const std::string& newer) {
    RIG_TRY(result, git(runner, repository, {"merge-base", "--is-ancestor", older, newer},
                        std::chrono::hours(1)));
    if (result.ok()) return true;
    if (result.outcome == decltype(result.outcome){Exited{1}}) return false;
    return fail(Blame::Host, fmt::format("git merge-base in {}: {}: {}", repository.string(),
                                         describe(result), result.out));
}

} // namespace rig
