// SPDX-License-Identifier: GPL-2.0-or-later
// A command runner that answers by rules instead of starting programs, and records the commands.
#pragma once

#include "rig/host/command_runner.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace rig::testing {

inline CommandResult exits(int code, std::string out = {}) {
    return {Exited{code}, std::move(out), 0.0};
}

// A rule that was added later has precedence. A command without a rule goes to `fallback`; without
// a fallback it is an error that quotes the command.
class FakeCommandRunner : public CommandRunner {
 public:
    using Action = std::function<CommandResult(const Command&)>;

    explicit FakeCommandRunner(CommandRunner* fallback = nullptr) : fallback_(fallback) {}

    // Adds a rule for commands that have all of `words` among their arguments (including argv[0]).
    void on(std::vector<std::string> words, Action action) {
        rules_.emplace_back(std::move(words), std::move(action));
    }
    void on(std::vector<std::string> words, CommandResult result) {
        on(std::move(words), [result](const Command&) { return result; });
    }

    Result<CommandResult> run(const Command& command) override {
        ran.push_back(command);
        for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
            if (!std::all_of(rule->first.begin(), rule->first.end(),
                             [&](const auto& word) { return has(command, word); }))
                continue;
            auto result = rule->second(command);
            if (!command.log.empty()) std::ofstream(command.log, std::ios::app) << result.out;
            for (std::size_t at = 0; command.on_line && at < result.out.size();) {
                const auto end = std::min(result.out.find('\n', at), result.out.size());
                command.on_line(std::string_view(result.out).substr(at, end - at));
                at = end + 1;
            }
            return result;
        }
        if (fallback_) return fallback_->run(command);
        std::string words;
        for (const auto& word : command.argv)
            words += " " + word;
        return fail(FaultDomain::Host, "fake: no rule for" + words);
    }

    static bool has(const Command& command, const std::string& word) {
        return std::find(command.argv.begin(), command.argv.end(), word) != command.argv.end();
    }
    // The number of commands that had `word` among their arguments.
    long count(const std::string& word) const {
        return std::count_if(ran.begin(), ran.end(),
                             [&](const Command& command) { return has(command, word); });
    }
    // The value of the argument "NAME=value"; empty if there is none.
    static std::string value(const Command& command, const std::string& name) {
        for (const auto& word : command.argv)
            if (word.starts_with(name + "=")) return word.substr(name.size() + 1);
        return {};
    }

    std::vector<Command> ran;

 private:
    std::vector<std::pair<std::vector<std::string>, Action>> rules_;
    CommandRunner* fallback_;
};

} // namespace rig::testing
