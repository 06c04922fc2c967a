#include "rig/git.h"

#include <fmt/format.h>

namespace rig {

Result<CommandResult> git(CommandRunner& runner, const std::filesystem::path& repository, std::vector<std::string> words,
                          std::chrono::seconds timeout) {
    Command command;
    command.argv = {"git", "-C", repository.string()};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.env = {{"LC_ALL", "C"}};
    command.timeout = timeout;
    return runner.run(command);
}

bool is_commit(std::string_view word) {
    return (word.size() == 40 || word.size() == 64) && word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::string> commit_of(CommandRunner& runner, const std::filesystem::path& repository, const std::string& revision) {
    RIG_TRY(result, git(runner, repository, {"rev-parse", "--verify", "--end-of-options", revision + "^{commit}"}));
    const auto found = result.out.substr(0, result.out.find('\n'));
    if (result.ok() && is_commit(found)) return found;
    if (!std::holds_alternative<Exited>(result.outcome))
        return fail(Blame::Host, fmt::format("git rev-parse in {}: {}", repository.string(), describe(result)));
    return fail(Blame::Spec, fmt::format("{}: no commit '{}' in this repository: {}", repository.string(), revision, found));
}

} // namespace rig
