// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/program_help.h"

#include "rig/testing/program_fixture.h"

#include <gtest/gtest.h>
#include <sstream>

namespace rig {
namespace {

std::size_t widest_line(const std::string& text) {
    std::size_t out = 0;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        out = std::max(out, line.size());
    return out;
}

TEST(OneScreen, HasEveryCommandByGroupInFewColumns) {
    auto program = small_program();
    EXPECT_NE(one_screen(program).find("\n  Experiments  compare\n  Runs         explain\n"),
              std::string::npos)
        << one_screen(program);
    for (int i = 0; i < 20; ++i)
        program.commands.push_back({"command" + std::to_string(i), "Runs", "", "", {}, {}});
    const auto text = one_screen(program);
    for (const auto& command : program.commands)
        EXPECT_NE(text.find(command.name), std::string::npos) << command.name;
    EXPECT_LE(widest_line(text), 80u);
    EXPECT_EQ(text.substr(0, text.find('\n')), "rig - tests patches");
}

TEST(ProgramHelpData, CommandsAndOptionsAreFoundByName) {
    const auto program = small_program();
    ASSERT_NE(program.find("explain"), nullptr);
    EXPECT_EQ(program.find("explain")->arguments.size(), 2u);
    EXPECT_EQ(program.find("expl"), nullptr);
    EXPECT_TRUE(program.options[1].is("-q"));
    EXPECT_FALSE(program.options[1].is("q"));
}

} // namespace
} // namespace rig
