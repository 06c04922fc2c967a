// SPDX-License-Identifier: GPL-2.0-or-later
// The rig program as a user runs it, for tests: in a folder of the case's own, which a case that
// fails keeps, with the commands that run it again.
#pragma once

#include "rig/base/files.h"
#include "rig/host/boost_command_runner.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <string>
#include <vector>

namespace rig::testing {

namespace fs = std::filesystem;

inline const fs::path kTop = RIG_TOP;
// Building a kernel comes first in its case; a boot takes seconds. Ten times what was seen on two
// busy cores.
inline constexpr std::chrono::seconds kBuildLimit{2700}, kBootLimit{600};

class RigProgram : public ::testing::Test {
 protected:
    void SetUp() override {
        const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
        std::string name = std::string(info->test_suite_name()) + "-" + info->name();
        std::replace(name.begin(), name.end(), '/', '-'); // of a parameter
        dir_ = fs::path(RIG_E2E_DIR) / name;
        fs::remove_all(dir_);
        fs::create_directories(dir_);
    }
    void TearDown() override {
        if (!HasFailure()) return fs::remove_all(dir_), void();
        fmt::print("kept: {}\nto run it again:\n", dir_.string());
        for (const auto& line : commands_)
            fmt::print("  {}\n", line);
    }

    CommandResult rig(std::vector<std::string> args, std::chrono::seconds limit = kBootLimit,
                      std::vector<std::string> before = {}) {
        Command command;
        command.argv = std::move(before);
        command.argv.insert(command.argv.end(),
                            {RIG_EXE, "--results", (dir_ / "results").string()});
        command.argv.insert(command.argv.end(), args.begin(), args.end());
        command.cwd = kTop;
        command.timeout = limit;
        command.log = dir_ / "rig.log";
        std::vector<std::string> words;
        for (const auto& word : command.argv)
            words.push_back(word.find_first_of(" $;\"") == std::string::npos ? word
                                                                             : "'" + word + "'");
        commands_.push_back(fmt::format("cd {} && {}", kTop.string(), fmt::join(words, " ")));
        BoostCommandRunner runner;
        auto result = runner.run(command);
        EXPECT_TRUE(result) << (result ? "" : result.error().message);
        return result ? *result : CommandResult{};
    }

    // Every check held and no expectation was broken. One or two boots an arm decide no bound:
    // whether one that is undecided looks worse than declared (exit 4) is the seed's to say.
    static bool nothing_failed(const CommandResult& result) {
        const auto code = exit_code(result);
        return code == 0 || (code == 4 && result.out.find("? INCONCLUSIVE: ") != std::string::npos);
    }
    static int exit_code(const CommandResult& result) {
        const auto* exited = std::get_if<Exited>(&result.outcome);
        return exited ? exited->code : -1;
    }

    // The runs under the case's results folder, oldest first.
    std::vector<fs::path> runs() const {
        std::vector<fs::path> all;
        for (const auto& entry : fs::directory_iterator(dir_ / "results"))
            if (entry.is_directory() && !entry.path().filename().string().starts_with('.'))
                all.push_back(entry.path()); // beside them lie their index and spools
        std::sort(all.begin(), all.end());
        return all;
    }

    // A copy of an experiment with lines replaced, inside the project so that its paths hold.
    fs::path variant(const std::string& of,
                     const std::vector<std::pair<std::string, std::string>>& changes) {
        std::string text = slurp(kTop / "configs" / of);
        for (const auto& [from, to] : changes) {
            EXPECT_TRUE(std::regex_search(text, std::regex(from))) << from;
            text = std::regex_replace(text, std::regex(from), to);
        }
        const auto file = dir_ / "experiment.toml";
        std::ofstream(file) << text;
        return file;
    }

    fs::path dir_;
    std::vector<std::string> commands_;
};

} // namespace rig::testing
