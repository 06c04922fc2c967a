// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/program_help.h"

#include "rig/base/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

constexpr std::size_t kColumns = 80;

constexpr const char* kFirstSteps = R"(First steps:
  rig doctor                        can this machine run it?
  rig init my-patch                 write my-patch.toml, a commented experiment
  rig compare my-patch.toml         build, boot, compare: the main command
  rig report latest                 print the comparison again
)";

constexpr const char* kMore = R"(
rig COMMAND --help explains a command, with examples and its exit codes.
rig --help-all prints the options of all commands and a line on each command.

Exit codes: 0 pass or done, 1 fail, 2 wrong command line or experiment file,
3 host fault or interrupted, 4 inconclusive.
)";

} // namespace

bool OptionHelp::is(std::string_view name) const {
    return std::find(names.begin(), names.end(), name) != names.end();
}

const CommandHelp* ProgramHelp::find(std::string_view command) const {
    const auto found = std::find_if(commands.begin(), commands.end(),
                                    [&](const CommandHelp& one) { return one.name == command; });
    return found == commands.end() ? nullptr : &*found;
}

std::string one_screen(const ProgramHelp& program) {
    std::vector<std::pair<std::string, std::string>> groups; // in the order of their first command
    for (const auto& command : program.commands) {
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const auto& one) { return one.first == command.group; });
        if (group == groups.end()) group = groups.insert(groups.end(), {command.group, ""});
        group->second += (group->second.empty() ? "" : " ") + command.name;
    }
    std::size_t widest = 0;
    for (const auto& [group, commands] : groups)
        widest = std::max(widest, group.size());
    auto out =
        fmt::format("{}\n\nUsage: {} [OPTION...] COMMAND [ARGUMENT...]\n\n{}\nCommands:\n",
                    program.text.substr(0, program.text.find('\n')), program.name, kFirstSteps);
    for (const auto& [group, commands] : groups)
        out += wrapped(fmt::format("  {}  {}", padded(group, widest), commands), kColumns,
                       widest + 4) +
               "\n";
    return out + kMore;
}

} // namespace rig
